import type { AttemptAddress } from '../../contract/bus-names.ts'
import type { Bus, CommandAnswer } from '../ports/bus.ts'
import type { CheckpointRequester } from '../ports/checkpoint-requester.ts'

/** A checkpoint of a large model takes its time to become durable. */
const CHECKPOINT_TIMEOUT_MS = 120_000

/** Asks pods over the bus; `answered` is called with the answer. */
export const createBusCheckpointRequester = (
  bus: Bus,
  onAnswer: (attempt: AttemptAddress, answer: CommandAnswer) => void,
): CheckpointRequester => ({
  request(attempt) {
    const command = { name: 'checkpoint', timeoutMs: CHECKPOINT_TIMEOUT_MS } as const
    void bus.sendCommand(attempt, command).then((answer) => onAnswer(attempt, answer))
  },
})
