import type { CheckpointNotice, CommandReply } from '../contract/bus-messages.ts'

/** What a trainer looks at between two steps. */
export interface CheckpointRequest {
  /** Whether a checkpoint was requested. */
  readonly isRequested: () => boolean
  /** Notifies that a checkpoint is durable. */
  readonly saved: (checkpoint: Omit<CheckpointNotice, 'wallTime'>) => void
}

/** Both ends of a checkpoint request. */
export interface CheckpointRequests extends CheckpointRequest {
  /** Resolves with the next checkpoint, or with the last one when there comes none. */
  readonly request: () => Promise<CommandReply>
  readonly last: () => CheckpointNotice | undefined
  /** No more checkpoints come. */
  readonly end: () => void
}

const NO_CHECKPOINT: CommandReply = {
  state: 'Refused',
  code: 'NoCheckpoint',
  message: 'this pod has made no checkpoint, and makes none any more',
}

/** Opens the checkpoint requests of one pod; `now` dates the checkpoints. */
export function openCheckpointRequests(now: () => Date): CheckpointRequests {
  const pending = new Set<(reply: CommandReply) => void>()
  let last: CheckpointNotice | undefined
  let hasEnded = false
  const lastReply = (): CommandReply => (last ? { state: 'Done', checkpoint: last } : NO_CHECKPOINT)
  const answer = (): void => {
    for (const resolve of pending) resolve(lastReply())
    pending.clear()
  }
  return {
    isRequested: () => pending.size > 0,
    saved(checkpoint) {
      last = { ...checkpoint, wallTime: now().toISOString() }
      answer()
    },
    request: () =>
      hasEnded
        ? Promise.resolve(lastReply())
        : new Promise((resolve) => {
            pending.add(resolve)
          }),
    last: () => last,
    end() {
      hasEnded = true
      answer()
    },
  }
}
