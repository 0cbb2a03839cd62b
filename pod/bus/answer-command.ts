import { type CommandReply, CommandRequest } from '../../contract/bus-messages.ts'
import type { CheckpointRequests } from '../checkpoint-request.ts'

export interface CommandTarget {
  /** Undefined where the program makes no checkpoints. */
  readonly checkpoints: Pick<CheckpointRequests, 'request'> | undefined
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
  { checkpoints }: CommandTarget,
): CommandReply | Promise<CommandReply> {
  if (request === undefined) return buildRefusal('Unreadable', 'the only command is checkpoint')
  return (
    checkpoints?.request() ?? buildRefusal('NoCheckpoints', 'an evaluator makes no checkpoints')
  )
}
