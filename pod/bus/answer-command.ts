import { type CommandReply, CommandRequest } from '../../contract/bus-messages.ts'
import type { CheckpointRequests } from '../checkpoint-request.ts'

export interface CommandTarget {
  /** Undefined where the program makes no checkpoints. */
  readonly checkpoints: Pick<CheckpointRequests, 'request'> | undefined
  /** As SIGTERM does. */
  readonly stop: (why: string) => void
}

const buildRefusal = (code: string, message: string): CommandReply => ({
  state: 'Refused',
  code,
  message,
})

function parseRequest(text: string): CommandRequest | undefined {
  try {
    return CommandRequest.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/**
 * Does what the operator asks and answers when the checkpoint is durable. What this pod cannot do
 * is refused.
 */
export async function answerCommand(text: string, pod: CommandTarget): Promise<string> {
  return JSON.stringify(await replyTo(parseRequest(text), pod))
}

function replyTo(
  request: CommandRequest | undefined,
  { checkpoints, stop }: CommandTarget,
): CommandReply | Promise<CommandReply> {
  if (request === undefined) return buildRefusal('Unreadable', 'commands are checkpoint and stop')
  if (request.command === 'stop') {
    const reply = checkpoints?.request() ?? { state: 'Done' as const }
    stop('asked over the bus')
    return reply
  }
  return (
    checkpoints?.request() ?? buildRefusal('NoCheckpoints', 'an evaluator makes no checkpoints')
  )
}
