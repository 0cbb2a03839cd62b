import { SWEEP_KIND } from '../../crds/names.ts'
import {
  emptyTally,
  factsOf,
  rankPoint,
  recordRun,
  type SweepTally,
} from '../core/sweep/sweep-tally.ts'
import type { ObjectKey, Runs, StoredRun, StoredSweep } from '../ports/objects.ts'
import { keyText } from './object-key.ts'

interface Kept {
  readonly sweepUid: string
  readonly tally: SweepTally
  /** Runs that changed since the tally was last asked for. */
  readonly changed: Map<string, StoredRun>
}

/**
 * The tally of each sweep, counted from a list once and by single changes after, so that ten thousand runs are not
 * listed ten thousand times. Losing it loses nothing: it is counted anew.
 */
export interface KeptTallies {
  of(sweep: StoredSweep): Promise<SweepTally>
  /** Takes in a run as it is now, or that it is gone. Returns the key of the sweep that it concerns. */
  record(key: ObjectKey, run: StoredRun | undefined): string | undefined
  /** Takes in a run that was made just now, unless more is known of it already. */
  made(run: StoredRun): void
  /** Forgets a sweep that is gone. */
  drop(sweep: ObjectKey): void
}

function add(tally: SweepTally, { spec }: StoredSweep, run: StoredRun): void {
  const { replicates = 1, objective } = spec
  const facts = factsOf(run, { replicates, objective })
  if (facts === undefined) return
  recordRun(tally, facts)
  if (objective === undefined) return
  rankPoint(tally, { point: Math.floor(facts.number / replicates), replicates, objective })
}

export function keepTallies(runs: Runs): KeptTallies {
  const kept = new Map<string, Kept>()
  const owners = new Map<string, string>()

  const count = async (key: string, sweep: StoredSweep): Promise<Kept> => {
    const entry = { sweepUid: sweep.metadata.uid, tally: emptyTally(), changed: new Map() }
    kept.set(key, entry)
    try {
      for (const run of await runs.listOwnedBy(entry.sweepUid)) add(entry.tally, sweep, run)
    } catch (error) {
      kept.delete(key)
      throw error
    }
    return entry
  }
  return {
    async of(sweep) {
      const key = keyText(sweep.metadata)
      const found = kept.get(key)
      const isCurrent = found?.sweepUid === sweep.metadata.uid
      const { tally, changed } = isCurrent ? found : await count(key, sweep)
      for (const run of changed.values()) add(tally, sweep, run)
      changed.clear()
      return tally
    },
    record: (key, run) => (run === undefined ? forget(keyText(key)) : record(run)),
    made(run) {
      if (!owners.has(keyText(run.metadata))) record(run)
    },
    drop: (sweep) => void kept.delete(keyText(sweep)),
  }

  function record(run: StoredRun): string | undefined {
    const { namespace, ownerReferences } = run.metadata
    const owner = ownerReferences?.find(({ kind }) => kind === SWEEP_KIND)
    if (owner === undefined) return undefined
    const name = keyText(run.metadata)
    const sweep = keyText({ namespace, name: owner.name })
    owners.set(name, sweep)
    const entry = kept.get(sweep)
    if (entry?.sweepUid === owner.uid) entry.changed.set(name, run)
    return sweep
  }

  /** A run that is gone leaves a gap among the best that only counting anew can fill. */
  function forget(name: string): string | undefined {
    const sweep = owners.get(name)
    owners.delete(name)
    if (sweep !== undefined) kept.delete(sweep)
    return sweep
  }
}
