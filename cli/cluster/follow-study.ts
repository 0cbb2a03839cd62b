import { pause } from '../../operator/cluster/abort-scope.ts'
import { ApiError } from '../../operator/cluster/api-error.ts'
import { type KindClient, openKind } from '../../operator/cluster/kind-client.ts'
import { RUN_RESOURCE, SWEEP_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { ObjectKey, StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { InputError } from '../input-error.ts'
import { isAtRest } from '../local/run-study.ts'
import { measureProgress } from '../progress/measure-progress.ts'
import type { Study } from '../report/study-outcome.ts'
import { studyObject, studyTitle } from '../report/study-title.ts'
import type { Watching } from '../study-home.ts'
import { saidBy } from './explain-failure.ts'
import { findStudy, isRunOf, runsOfSweep } from './find-study.ts'
import type { Cluster } from './open-cluster.ts'

/** What happens to many runs at once is looked at once. */
const GATHER_MS = 200
/** The clock of the bars moves this often, also without news. */
const LOOK_EVERY_MS = 1000
/** An operator that is there has looked at a new object by then. */
const OPERATOR_WITHIN_MS = 15_000

/** The study as the caches have it, kept up by the API server. */
interface Mirror {
  readonly synced: Promise<unknown>
  /** Undefined when it was deleted. */
  readonly study: () => Study | undefined
  readonly subscribe: (changed: () => void) => void
  readonly close: () => Promise<unknown>
}

type Opened = Pick<Cluster, 'api' | 'clock' | 'random' | 'namespace'> & {
  readonly observer: { readonly heard: () => void; readonly failed: (...what: unknown[]) => void }
}

function mirrorRun(opened: Opened, key: ObjectKey): Mirror {
  const fieldSelector = `metadata.name=${key.name}`
  const runs = openKind<StoredRun>({ ...opened, resource: RUN_RESOURCE, fieldSelector })
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

function mirrorSweep(opened: Opened, key: ObjectKey): Mirror {
  const fieldSelector = `metadata.name=${key.name}`
  const labelSelector = runsOfSweep(key.name)
  const sweeps = openKind<StoredSweep>({ ...opened, resource: SWEEP_RESOURCE, fieldSelector })
  const runs = openKind<StoredRun>({ ...opened, resource: RUN_RESOURCE, labelSelector })
  const kinds: readonly Pick<KindClient<never>, 'close' | 'synced'>[] = [sweeps, runs]
  return {
    synced: Promise.all(kinds.map(({ synced }) => synced)),
    study: () => {
      const sweep = sweeps.cache.get(key)
      if (sweep === undefined) return undefined
      const ours = runs.cache.list().filter((run) => isRunOf(sweep, run))
      return { kind: 'NeCoSweep', sweep, runs: ours }
    },
    subscribe: (changed) => {
      sweeps.cache.subscribe(changed)
      runs.cache.subscribe(changed)
    },
    close: () => Promise.all(kinds.map((kind) => kind.close())),
  }
}

/** Says that the API server is away when it begins to be, and not again until it was back. */
function outageObserver({ painter, stop }: Watching): Opened['observer'] {
  let isAway = false
  return {
    heard: () => {
      isAway = false
    },
    failed: (_phase, error) => {
      if (isAway || stop.aborted) return
      isAway = true
      const said = error instanceof ApiError ? saidBy(error) : String(error)
      painter.say(`the API server is away (${said}); the study goes on, and it is tried again`)
    },
  }
}

/** Says once that no operator seems to be there. */
function operatorNotice({ clock, program }: Cluster, { painter }: Watching) {
  const startedMs = clock.nowMs()
  let isSaid = false
  return (study: Study): void => {
    if (isSaid || studyObject(study).status?.observedGeneration !== undefined) return
    if (clock.nowMs() - startedMs < OPERATOR_WITHIN_MS) return
    isSaid = true
    painter.say(
      `no operator has looked at ${studyTitle(study)} yet (${program} waits): see kubectl get deployments -A -l app.kubernetes.io/part-of=neco`,
    )
  }
}

/** Resolves when there was news since the last look, after a second, or at the signal, whichever is first. */
function nextLook({ clock }: Cluster, mirror: Mirror, stop: AbortSignal): () => Promise<void> {
  let news = Promise.withResolvers<void>()
  const tell = (): void => news.resolve()
  mirror.subscribe(tell)
  mirror.synced.then(tell, tell)
  stop.addEventListener('abort', tell)
  return async () => {
    const cancel = clock.after(LOOK_EVERY_MS, tell)
    await news.promise
    cancel()
    if (stop.aborted) return
    news = Promise.withResolvers<void>()
    await pause(clock, GATHER_MS, stop)
  }
}

function present(study: Study | undefined, first: Study): Study {
  if (study !== undefined) return study
  const { namespace } = studyObject(first).metadata
  throw new InputError([`${studyTitle(first)} in namespace ${namespace} was deleted`])
}

async function watchMirror(
  cluster: Cluster,
  { mirror, first }: { readonly mirror: Mirror; readonly first: Study },
  watching: Watching,
): Promise<Study> {
  const { painter, stop } = watching
  const startedMs = cluster.clock.nowMs()
  const notice = operatorNotice(cluster, watching)
  const look = nextLook(cluster, mirror, stop)
  let isSynced = false
  const synced = (): void => {
    isSynced = true
  }
  mirror.synced.then(synced, () => undefined)
  for (let known = first; ; await look()) {
    if (isSynced) known = present(mirror.study(), first)
    const elapsedMs = cluster.clock.nowMs() - startedMs
    const progress = measureProgress(known, { newest: new Map(), evaluated: 0, elapsedMs })
    if (stop.aborted || isAtRest(known)) {
      painter.end(progress)
      return known
    }
    painter.show(progress)
    notice(known)
  }
}

/** Watches a study until it is at rest or the signal comes, and gives it as it then stands. Throws InputError when it is deleted meanwhile. */
export async function followStudy(
  cluster: Cluster,
  first: Study,
  watching: Watching,
): Promise<Study> {
  const opened = { ...cluster, observer: outageObserver(watching) }
  const { name } = studyObject(first).metadata
  const key = { namespace: cluster.namespace, name }
  const mirror = first.kind === 'NeCoRun' ? mirrorRun(opened, key) : mirrorSweep(opened, key)
  try {
    const seen = await watchMirror(cluster, { mirror, first }, watching)
    // The end of a sweep may be heard before that of its last run.
    return watching.stop.aborted ? seen : await findStudy(cluster, name)
  } finally {
    await mirror.close()
  }
}
