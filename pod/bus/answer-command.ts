import { type CommandReply, CommandRequest } from '../../crds/bus-messages.ts'
import type { CheckpointWishes } from '../checkpoint-wish.ts'

export interface CommandedPod {
  /** Undefined where the program makes no checkpoints. */
  readonly checkpoints: Pick<CheckpointWishes, 'ask'> | undefined
  /** As SIGTERM does. */
  readonly stop: (why: string) => void
}

const refused = (code: string, message: string): CommandReply => ({
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

/** Does what the operator asks and answers when the checkpoint is durable. What this pod cannot do is refused. */
export async function answerCommand(text: string, pod: CommandedPod): Promise<string> {
  return JSON.stringify(await replyTo(parseRequest(text), pod))
}

function replyTo(
  request: CommandRequest | undefined,
  { checkpoints, stop }: CommandedPod,
): CommandReply | Promise<CommandReply> {
  if (request === undefined) return refused('Unreadable', 'commands are checkpoint and stop')
  if (request.command === 'stop') {
    const made = checkpoints?.ask() ?? { state: 'Done' as const }
    stop('asked over the bus')
    return made
  }
  return checkpoints?.ask() ?? refused('NoCheckpoints', 'an evaluator makes no checkpoints')
}
