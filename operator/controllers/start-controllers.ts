import type { ObjectKey } from '../../kube/object-key.ts'
import { formatObjectKey, parseObjectKey } from '../../kube/object-key.ts'
import { createWorkQueue } from '../../kube/queue/work-queue.ts'
import type { WorkQueueObserver } from '../../kube/queue/work-queue-observer.ts'
import { isEnded } from '../core/conditions.ts'
import type { StoredRun, StoredSweep } from '../ports/objects.ts'
import type { Platform } from './platform.ts'
import { reconcileRun } from './run-controller.ts'
import { createSweepAggregateCache } from './sweep-aggregate-cache.ts'
import { reconcileSweep } from './sweep-controller.ts'
import { createTerminatingNamespaceFilter } from './terminating-namespaces.ts'

export interface ReconcileFailure {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
  readonly key: string
  readonly error: unknown
}

export interface ControllerOptions {
  readonly observers?: Partial<Record<ReconcileFailure['kind'], WorkQueueObserver>>
  /** Objects of a kind worked on at once. */
  readonly concurrency?: number
}

/** Running controllers. */
export interface Controllers {
  /** Resolves when nothing is left to do until something changes. */
  idle(): Promise<void>
  close(): Promise<void>
}

/**
 * Calls back with the run whose training has reported a checkpoint, where evaluations may start
 * beside it. One that is not found is looked at at its next change.
 */
function watchDueEvaluations(
  { runs, hints }: Platform,
  found: (key: ObjectKey) => void,
): () => void {
  const findRun = async (runUid: string): Promise<void> => {
    const run = (await runs.list()).find(({ metadata }) => metadata.uid === runUid)
    if (run !== undefined && (run.status?.evaluationParallelism ?? 0) > 0) found(run.metadata)
  }
  return hints.watchCheckpoints((runUid) => void findRun(runUid).catch(() => {}))
}

/**
 * Starts the controllers of both kinds on a platform; `onFailure` is called with every failed
 * reconciliation, which is tried again.
 */
export function startControllers(
  platform: Platform,
  onFailure: (failure: ReconcileFailure) => void,
  { observers = {}, ...concurrency }: ControllerOptions = {},
): Controllers {
  const { clock } = platform
  const aggregates = createSweepAggregateCache(platform.runs)
  const skipTerminatingNamespaces = createTerminatingNamespaceFilter(clock)
  const reconcileRunUnlessTerminating = skipTerminatingNamespaces(platform.runs, (key) =>
    reconcileRun(platform, key),
  )
  const reconcileSweepUnlessTerminating = skipTerminatingNamespaces(platform.sweeps, (key) =>
    reconcileSweep(platform, key, aggregates),
  )
  const runs = createWorkQueue({
    ...concurrency,
    clock,
    reconcile: async (text) => {
      const key = parseObjectKey(text)
      const result = await reconcileRunUnlessTerminating(key)
      const sweep = aggregates.record(key, await platform.runs.get(key))
      if (sweep !== undefined) sweeps.add(sweep)
      return result
    },
    onFailure: (key, error) => onFailure({ kind: 'NeCoRun', key, error }),
    observer: observers.NeCoRun,
  })
  const sweeps = createWorkQueue({
    ...concurrency,
    clock,
    reconcile: (text) => reconcileSweepUnlessTerminating(parseObjectKey(text)),
    onFailure: (key, error) => onFailure({ kind: 'NeCoSweep', key, error }),
    observer: observers.NeCoSweep,
  })
  const stopWatching = [
    platform.sweeps.watch((key, urgency) => sweeps.add(formatObjectKey(key), urgency)),
    platform.runs.watch((key, urgency) => runs.add(formatObjectKey(key), urgency)),
    platform.jobs.watch((key, urgency) => runs.add(formatObjectKey(key), urgency)),
    platform.hints.watchBus(() => void requeueLiveObjects().catch(() => {})),
    watchDueEvaluations(platform, (key) => runs.add(formatObjectKey(key))),
  ]
  /**
   * Every object that has not ended reports whether the bus is away, and what ended pods left waits
   * for it. One that is not woken here is by its next change.
   */
  async function requeueLiveObjects(): Promise<void> {
    const isLive = ({ status }: StoredRun | StoredSweep) => !isEnded(status?.conditions)
    const isLiveOrUnshipped = (run: StoredRun) =>
      isLive(run) || run.status?.unshippedReports !== undefined
    for (const run of (await platform.runs.list()).filter(isLiveOrUnshipped))
      runs.add(formatObjectKey(run.metadata))
    for (const sweep of (await platform.sweeps.list()).filter(isLive)) {
      sweeps.add(formatObjectKey(sweep.metadata))
    }
  }
  return {
    async idle() {
      while (!(runs.isIdle() && sweeps.isIdle())) await Promise.all([runs.idle(), sweeps.idle()])
    },
    async close() {
      for (const stop of stopWatching) stop()
      await Promise.all([runs.close(), sweeps.close()])
    },
  }
}
