import type { CheckpointNotice, CommandReply } from '../crds/bus-messages.ts'

/** What a trainer looks at between two steps. */
export interface CheckpointWish {
  /** Whether somebody waits for a checkpoint. */
  readonly isAsked: () => boolean
  /** Says that a checkpoint is durable. */
  readonly made: (checkpoint: Omit<CheckpointNotice, 'wallTime'>) => void
}

/** Both ends of the wish for a checkpoint. */
export interface CheckpointWishes extends CheckpointWish {
  /** Resolves with the next checkpoint, or with the last one when there comes none. */
  readonly ask: () => Promise<CommandReply>
  readonly last: () => CheckpointNotice | undefined
  /** No more checkpoints come. */
  readonly end: () => void
}

const NONE: CommandReply = {
  state: 'Refused',
  code: 'NoCheckpoint',
  message: 'this pod has made no checkpoint, and makes none any more',
}

/** Opens the wishes of one pod; `now` dates the checkpoints. */
export function openCheckpointWishes(now: () => Date): CheckpointWishes {
  const asking = new Set<(reply: CommandReply) => void>()
  let last: CheckpointNotice | undefined
  let hasEnded = false
  const lastReply = (): CommandReply => (last ? { state: 'Done', checkpoint: last } : NONE)
  const answer = (): void => {
    for (const resolve of asking) resolve(lastReply())
    asking.clear()
  }
  return {
    isAsked: () => asking.size > 0,
    made(checkpoint) {
      last = { ...checkpoint, wallTime: now().toISOString() }
      answer()
    },
    ask: () =>
      hasEnded
        ? Promise.resolve(lastReply())
        : new Promise((resolve) => {
            asking.add(resolve)
          }),
    last: () => last,
    end() {
      hasEnded = true
      answer()
    },
  }
}
