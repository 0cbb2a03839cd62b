import { SWEEP_KIND } from '../../crds/names.ts'
import { formatObjectKey, type ObjectKey } from '../../kube/object-key.ts'
import { toRunIndex } from '../core/sweep/build-sweep-run.ts'
import {
  createSweepAggregate,
  recordPoint,
  recordRun,
  type SweepAggregate,
  summarizeRun,
} from '../core/sweep/sweep-aggregate.ts'
import type { Runs, StoredRun, StoredSweep } from '../ports/objects.ts'

interface CachedAggregate {
  readonly sweepUid: string
  readonly aggregate: SweepAggregate
  /** Runs that changed since the aggregate was last read. */
  readonly changed: Map<string, StoredRun>
}

/**
 * The aggregate of each sweep, built from one list and updated by single changes after that, so
 * that ten thousand runs are not listed ten thousand times. It can be rebuilt at any time.
 */
export interface SweepAggregateCache {
  get(sweep: StoredSweep): Promise<SweepAggregate>
  /**
   * Records the newest state of a run, or its deletion (undefined). Returns the key of its sweep.
   */
  record(key: ObjectKey, run: StoredRun | undefined): string | undefined
  /** Records a run that was just created, unless a newer state is known. */
  recordCreated(run: StoredRun): void
  /** Drops a deleted sweep. */
  delete(sweep: ObjectKey): void
}

function addRun(aggregate: SweepAggregate, { spec }: StoredSweep, run: StoredRun): void {
  const { replicates = 1, objective } = spec
  const summary = summarizeRun(run, spec)
  if (summary === undefined) return
  recordRun(aggregate, summary)
  const { point } = toRunIndex(summary.number, replicates)
  recordPoint(aggregate, { point, replicates, objective })
}

export function createSweepAggregateCache(runs: Runs): SweepAggregateCache {
  const cache = new Map<string, CachedAggregate>()
  const owners = new Map<string, string>()

  const buildEntry = async (key: string, sweep: StoredSweep): Promise<CachedAggregate> => {
    const entry = {
      sweepUid: sweep.metadata.uid,
      aggregate: createSweepAggregate(),
      changed: new Map(),
    }
    cache.set(key, entry)
    try {
      for (const run of await runs.listOwnedBy(entry.sweepUid)) addRun(entry.aggregate, sweep, run)
    } catch (error) {
      cache.delete(key)
      throw error
    }
    return entry
  }
  return {
    async get(sweep) {
      const key = formatObjectKey(sweep.metadata)
      const found = cache.get(key)
      const isCurrent = found?.sweepUid === sweep.metadata.uid
      const { aggregate, changed } = isCurrent ? found : await buildEntry(key, sweep)
      for (const run of changed.values()) addRun(aggregate, sweep, run)
      changed.clear()
      return aggregate
    },
    record: (key, run) => (run === undefined ? forgetRun(formatObjectKey(key)) : recordChange(run)),
    recordCreated(run) {
      if (!owners.has(formatObjectKey(run.metadata))) recordChange(run)
    },
    delete: (sweep) => void cache.delete(formatObjectKey(sweep)),
  }

  function recordChange(run: StoredRun): string | undefined {
    const { namespace, ownerReferences } = run.metadata
    const owner = ownerReferences?.find(({ kind }) => kind === SWEEP_KIND)
    if (owner === undefined) return undefined
    const name = formatObjectKey(run.metadata)
    const sweep = formatObjectKey({ namespace, name: owner.name })
    owners.set(name, sweep)
    const entry = cache.get(sweep)
    if (entry?.sweepUid === owner.uid) entry.changed.set(name, run)
    return sweep
  }

  /** A deleted run may leave a gap among the best points that only a rebuild can fill. */
  function forgetRun(name: string): string | undefined {
    const sweep = owners.get(name)
    owners.delete(name)
    if (sweep !== undefined) cache.delete(sweep)
    return sweep
  }
}
