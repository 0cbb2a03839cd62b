import type { Command } from './command.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { commandHelp, overview } from './help.ts'
import { InputError } from './input-error.ts'
import { InterruptedError } from './interrupted-error.ts'
import { chooseCommand, parseCall } from './parse-call.ts'
import type { Shell } from './shell.ts'

const wantsHelp = (words: readonly string[]): boolean =>
  words.includes('--help') || words.includes('-h')

async function performWords(
  words: readonly string[],
  commands: readonly Command[],
  shell: Shell,
): Promise<ExitCode> {
  const [name, ...rest] = words
  if (name === '--version') {
    shell.write(`neco ${shell.version}\n`)
    return EXIT.Done
  }
  if (name === undefined || name === 'help' || name.startsWith('-')) {
    if (name !== undefined && name !== 'help' && !wantsHelp([name])) chooseCommand(name, commands)
    shell.write(overview(commands))
    return name === undefined ? EXIT.InputWrong : EXIT.Done
  }
  const command = chooseCommand(name, commands)
  if (wantsHelp(rest)) {
    shell.write(commandHelp(command))
    return EXIT.Done
  }
  return command.perform(parseCall(command, rest), shell)
}

/** Runs what was typed and turns every failure into lines on standard error and an exit code. */
export async function dispatch(
  words: readonly string[],
  commands: readonly Command[],
  shell: Shell,
): Promise<ExitCode> {
  try {
    return await performWords(words, commands, shell)
  } catch (error) {
    if (error instanceof InputError) {
      shell.writeError(`${error.lines.join('\n')}\n`)
      return EXIT.InputWrong
    }
    if (error instanceof InterruptedError) {
      shell.writeError(`${error.lines.join('\n')}\n`)
      return EXIT.Interrupted
    }
    shell.writeError(`neco failed: ${messageOf(error)}\n`)
    return EXIT.SomeFailed
  }
}

/** The messages of an error and of its causes, outermost first. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`
  return `${error.message}${cause}`
}
