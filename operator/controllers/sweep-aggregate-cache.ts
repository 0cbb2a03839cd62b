import { SWEEP_KIND } from '../../crds/names.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import { formatObjectKey } from '../../kube/object-key.ts'
import {
  createSweepAggregate,
  rankPoint,
  recordRun,
  type SweepAggregate,
  summarizeRun,
} from '../core/sweep/sweep-aggregate.ts'
import type { Runs, StoredRun, StoredSweep } from '../ports/objects.ts'

interface CachedAggregate {
  readonly sweepUid: string
  readonly aggregate: SweepAggregate
  /** Runs that changed since the tally was last asked for. */
  readonly changed: Map<string, StoredRun>
}

/**
 * The tally of each sweep, counted from a list once and by single changes after, so that ten thousand runs are not
 * listed ten thousand times. Losing it loses nothing: it is counted anew.
 */
export interface SweepAggregateCache {
  get(sweep: StoredSweep): Promise<SweepAggregate>
  /** Takes in a run as it is now, or that it is gone. Returns the key of the sweep that it concerns. */
  record(key: ObjectKey, run: StoredRun | undefined): string | undefined
  /** Takes in a run that was made just now, unless more is known of it already. */
  recordCreated(run: StoredRun): void
  /** Forgets a sweep that is gone. */
  delete(sweep: ObjectKey): void
}

function addRun(aggregate: SweepAggregate, { spec }: StoredSweep, run: StoredRun): void {
  const { replicates = 1, objective } = spec
  const summary = summarizeRun(run, { replicates, objective })
  if (summary === undefined) return
  recordRun(aggregate, summary)
  if (objective === undefined) return
  rankPoint(aggregate, { point: Math.floor(summary.number / replicates), replicates, objective })
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

  /** A run that is gone leaves a gap among the best that only counting anew can fill. */
  function forgetRun(name: string): string | undefined {
    const sweep = owners.get(name)
    owners.delete(name)
    if (sweep !== undefined) cache.delete(sweep)
    return sweep
  }
}
