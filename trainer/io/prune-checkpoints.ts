import type { Storage } from '../../pod/storage.ts'
import { attemptsFolder, checkpointsFolder } from '../../pod/storage-layout.ts'
import { MANIFEST, parseCheckpointStep } from './write-checkpoint.ts'

export interface PruneOptions {
  readonly storage: Storage
  readonly runKey: string
  /** How many of the newest stay. */
  readonly keep: number
  /** Steps whose checkpoint stays besides. */
  readonly retainedSteps: ReadonlySet<number>
}

interface PruneCandidate {
  readonly folder: string
  readonly step: number
  readonly isComplete: boolean
}

async function listAllCheckpoints({ storage, runKey }: PruneOptions): Promise<PruneCandidate[]> {
  const found: PruneCandidate[] = []
  const attempts = attemptsFolder(runKey)
  for (const attempt of await storage.list(attempts)) {
    const parent = checkpointsFolder(`${attempts}/${attempt}`)
    for (const name of await storage.list(parent)) {
      const step = parseCheckpointStep(name)
      if (step === undefined) continue
      const folder = `${parent}/${name}`
      const isComplete = (await storage.list(folder)).includes(MANIFEST)
      found.push({ folder, step, isComplete })
    }
  }
  return found.sort((a, b) => b.step - a.step)
}

/** Removes what is neither among the newest complete checkpoints nor kept for an evaluation, and older leftovers that were never completed. Call it only after a manifest was written. */
export async function pruneCheckpoints(options: PruneOptions): Promise<void> {
  const all = await listAllCheckpoints(options)
  const complete = all.filter(({ isComplete }) => isComplete)
  const newest = new Set(complete.slice(0, options.keep).map(({ folder }) => folder))
  const [newestComplete] = complete
  const isStale = ({ folder, step, isComplete }: PruneCandidate): boolean =>
    isComplete
      ? !newest.has(folder) && !options.retainedSteps.has(step)
      : newestComplete !== undefined && step < newestComplete.step
  for (const { folder } of all.filter(isStale)) {
    // The manifest goes first, so that a checkpoint in removal never counts as complete.
    await options.storage.delete(`${folder}/${MANIFEST}`)
    await options.storage.deletePrefix(folder)
  }
}
