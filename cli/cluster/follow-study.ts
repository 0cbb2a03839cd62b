import { OPERATOR_NAME } from '../../crds/names.ts'
import { type CachedClient, openCachedClient } from '../../kube/cache/cached-client.ts'
import type { ReflectorObserver } from '../../kube/cache/reflector.ts'
import { ApiError } from '../../kube/client/api-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import { RUN_RESOURCE, SWEEP_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { pause } from '../../std/pause.ts'
import { InputError } from '../input-error.ts'
import { computeStudyProgress } from '../progress/compute-study-progress.ts'
import { studyObject, studyTitle } from '../report/study-title.ts'
import type { Study } from '../study.ts'
import { isStudySettled } from '../study.ts'
import type { StudyFollowOptions } from '../study-platform.ts'
import { stripRequestPrefix } from './explain-api-error.ts'
import { buildSweepRunSelector, findStudy, isRunOwnedBySweep } from './find-study.ts'
import type { Cluster } from './open-cluster.ts'

/** Changes of many runs at once are shown at once. */
const DEBOUNCE_MS = 200
/** The elapsed time is redrawn this often, also without changes. */
const POLL_INTERVAL_MS = 1000
/** A live operator has observed a new object by then. */
const OPERATOR_TIMEOUT_MS = 15_000

/** The study in caches that watch the API server. */
interface StudyCache {
  readonly synced: Promise<unknown>
  /** Undefined when it was deleted. */
  readonly study: () => Study | undefined
  readonly subscribe: (changed: () => void) => void
  readonly close: () => Promise<unknown>
}

type StudyCacheOptions = Pick<Cluster, 'api' | 'clock' | 'random' | 'namespace'> & {
  readonly observer: Required<Pick<ReflectorObserver, 'received' | 'failed'>>
}

function openRunCache(cacheOptions: StudyCacheOptions, key: ObjectKey): StudyCache {
  const fieldSelector = `metadata.name=${key.name}`
  const runs = openCachedClient<StoredRun>({
    ...cacheOptions,
    fieldManager: OPERATOR_NAME,
    resource: RUN_RESOURCE,
    fieldSelector,
  })
  return {
    synced: runs.synced,
    study: () => {
      const run = runs.cache.get(key)
      return run === undefined ? undefined : { kind: 'NeCoRun', run }
    },
    subscribe: (changed) => runs.cache.subscribe(changed),
    close: () => runs.close(),
  }
}

function openSweepCache(cacheOptions: StudyCacheOptions, key: ObjectKey): StudyCache {
  const fieldSelector = `metadata.name=${key.name}`
  const labelSelector = buildSweepRunSelector(key.name)
  const sweeps = openCachedClient<StoredSweep>({
    ...cacheOptions,
    fieldManager: OPERATOR_NAME,
    resource: SWEEP_RESOURCE,
    fieldSelector,
  })
  const runs = openCachedClient<StoredRun>({
    ...cacheOptions,
    fieldManager: OPERATOR_NAME,
    resource: RUN_RESOURCE,
    labelSelector,
  })
  const kinds: readonly Pick<CachedClient<never>, 'close' | 'synced'>[] = [sweeps, runs]
  return {
    synced: Promise.all(kinds.map(({ synced }) => synced)),
    study: () => {
      const sweep = sweeps.cache.get(key)
      if (sweep === undefined) return undefined
      const ours = runs.cache.list().filter((run) => isRunOwnedBySweep(sweep, run))
      return { kind: 'NeCoSweep', sweep, runs: ours }
    },
    subscribe: (changed) => {
      sweeps.cache.subscribe(changed)
      runs.cache.subscribe(changed)
    },
    close: () => Promise.all(kinds.map((kind) => kind.close())),
  }
}

/** Prints once per outage that the API server is unreachable. */
function createOutageObserver({
  printer,
  stop,
}: StudyFollowOptions): StudyCacheOptions['observer'] {
  let isDisconnected = false
  return {
    received: () => {
      isDisconnected = false
    },
    failed: (_phase, error) => {
      if (isDisconnected || stop.aborted) return
      isDisconnected = true
      const apiMessage = error instanceof ApiError ? stripRequestPrefix(error) : String(error)
      printer.printLine(
        `the API server is unreachable (${apiMessage}); the study continues, and neco retries`,
      )
    },
  }
}

/** Prints once that no operator seems to be running. */
function createOperatorNotice({ clock, program }: Cluster, { printer }: StudyFollowOptions) {
  const startedMs = clock.nowMs()
  let isReported = false
  return (study: Study): void => {
    if (isReported || studyObject(study).status?.observedGeneration !== undefined) return
    if (clock.nowMs() - startedMs < OPERATOR_TIMEOUT_MS) return
    isReported = true
    printer.printLine(
      `no operator has looked at ${studyTitle(study)} yet (${program} waits): see kubectl get deployments -A -l app.kubernetes.io/part-of=neco`,
    )
  }
}

/** Resolves at the next change, after a second, or when the signal aborts, whichever is first. */
function createChangeWaiter(
  { clock }: Cluster,
  studyCache: StudyCache,
  stop: AbortSignal,
): () => Promise<void> {
  let nextChange = Promise.withResolvers<void>()
  const notify = (): void => nextChange.resolve()
  studyCache.subscribe(notify)
  studyCache.synced.then(notify, notify)
  stop.addEventListener('abort', notify)
  return async () => {
    const cancel = clock.after(POLL_INTERVAL_MS, notify)
    await nextChange.promise
    cancel()
    if (stop.aborted) return
    nextChange = Promise.withResolvers<void>()
    await pause(clock, DEBOUNCE_MS, stop)
  }
}

function requireStudy(study: Study | undefined, first: Study): Study {
  if (study !== undefined) return study
  const { namespace } = studyObject(first).metadata
  throw new InputError([`${studyTitle(first)} in namespace ${namespace} was deleted`])
}

async function watchStudyCache(
  cluster: Cluster,
  { mirror: studyCache, first }: { readonly mirror: StudyCache; readonly first: Study },
  followOptions: StudyFollowOptions,
): Promise<Study> {
  const { printer, stop } = followOptions
  const startedMs = cluster.clock.nowMs()
  const notice = createOperatorNotice(cluster, followOptions)
  const waitForChange = createChangeWaiter(cluster, studyCache, stop)
  let isSynced = false
  const synced = (): void => {
    isSynced = true
  }
  studyCache.synced.then(synced, () => undefined)
  for (let known = first; ; await waitForChange()) {
    if (isSynced) known = requireStudy(studyCache.study(), first)
    const elapsedMs = cluster.clock.nowMs() - startedMs
    const progress = computeStudyProgress(known, {
      newest: new Map(),
      evaluated: new Map(),
      elapsedMs,
    })
    if (stop.aborted || isStudySettled(known)) {
      printer.finish(progress)
      return known
    }
    printer.update(progress)
    notice(known)
  }
}

/**
 * Watches a study until it is settled or the signal aborts, and returns its last state. Throws
 * InputError when it is deleted meanwhile.
 */
export async function followStudy(
  cluster: Cluster,
  first: Study,
  followOptions: StudyFollowOptions,
): Promise<Study> {
  const cacheOptions = { ...cluster, observer: createOutageObserver(followOptions) }
  const { name } = studyObject(first).metadata
  const key = { namespace: cluster.namespace, name }
  const studyCache =
    first.kind === 'NeCoRun' ? openRunCache(cacheOptions, key) : openSweepCache(cacheOptions, key)
  try {
    const seen = await watchStudyCache(cluster, { mirror: studyCache, first }, followOptions)
    // The watch may deliver the end of a sweep before that of its last run.
    return followOptions.stop.aborted ? seen : await findStudy(cluster, name)
  } finally {
    await studyCache.close()
  }
}
