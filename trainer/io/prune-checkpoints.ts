import { type CheckpointFolder, listCheckpointFolders } from '../../pod/list-checkpoints.ts'
import type { Storage } from '../../pod/storage.ts'
import { manifestPath } from '../../pod/storage-layout.ts'

export interface PruneOptions {
  readonly storage: Storage
  readonly runKey: string
  /** How many of the newest stay. */
  readonly keep: number
  /** Steps whose checkpoint stays besides. */
  readonly retainedSteps: ReadonlySet<number>
}

interface PruneCandidate extends CheckpointFolder {
  readonly isComplete: boolean
}

async function listPruneCandidates(options: PruneOptions): Promise<readonly PruneCandidate[]> {
  const { storage } = options
  const folders = await listCheckpointFolders(options)
  const manifests = folders.map(({ folder }) => storage.stat(manifestPath(folder)))
  const found = await Promise.all(manifests)
  return folders.map((folder, at) => ({ ...folder, isComplete: found[at] !== undefined }))
}

/**
 * Removes what is neither among the newest complete checkpoints nor retained for an evaluation, and
 * older leftovers that were never completed. Call it only after a manifest was written.
 */
export async function pruneCheckpoints(options: PruneOptions): Promise<void> {
  const all = await listPruneCandidates(options)
  const complete = all.filter(({ isComplete }) => isComplete)
  const newest = new Set(complete.slice(0, options.keep).map(({ folder }) => folder))
  const [newestComplete] = complete
  const isStale = ({ folder, step, isComplete }: PruneCandidate): boolean =>
    isComplete
      ? !newest.has(folder) && !options.retainedSteps.has(step)
      : newestComplete !== undefined && step < newestComplete.step
  for (const { folder } of all.filter(isStale)) {
    // The manifest goes first, so that a checkpoint in removal never counts as complete.
    await options.storage.delete(manifestPath(folder))
    await options.storage.deletePrefix(folder)
  }
}
