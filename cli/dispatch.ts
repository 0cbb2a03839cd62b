import type { Command } from './command.ts'
import { EXIT, type ExitCode } from './exit-code.ts'
import { formatCommandHelp, formatOverview } from './help.ts'
import { InputError } from './input-error.ts'
import { InterruptedError } from './interrupted-error.ts'
import { chooseCommand, parseCommandArgs } from './parse-command-args.ts'
import type { Shell } from './shell.ts'

const isHelpRequested = (argv: readonly string[]): boolean =>
  argv.includes('--help') || argv.includes('-h')

async function runCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  shell: Shell,
): Promise<ExitCode> {
  const [name, ...rest] = argv
  if (name === '--version') {
    shell.write(`neco ${shell.version}\n`)
    return EXIT.Done
  }
  if (name === undefined || name === 'help' || name.startsWith('-')) {
    if (name !== undefined && name !== 'help' && !isHelpRequested([name]))
      chooseCommand(name, commands)
    shell.write(formatOverview(commands))
    return name === undefined ? EXIT.InputWrong : EXIT.Done
  }
  const command = chooseCommand(name, commands)
  if (isHelpRequested(rest)) {
    shell.write(formatCommandHelp(command))
    return EXIT.Done
  }
  return command.run(parseCommandArgs(command, rest), shell)
}

/** Runs a command line and turns every failure into lines on standard error and an exit code. */
export async function dispatch(
  argv: readonly string[],
  commands: readonly Command[],
  shell: Shell,
): Promise<ExitCode> {
  try {
    return await runCommandLine(argv, commands, shell)
  } catch (error) {
    if (error instanceof InputError) {
      shell.writeError(`${error.lines.join('\n')}\n`)
      return EXIT.InputWrong
    }
    if (error instanceof InterruptedError) {
      shell.writeError(`${error.lines.join('\n')}\n`)
      return EXIT.Interrupted
    }
    shell.writeError(`neco failed: ${formatErrorChain(error)}\n`)
    return EXIT.SomeFailed
  }
}

/** The messages of an error and of its causes, outermost first. */
function formatErrorChain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `: ${formatErrorChain(error.cause)}`
  return `${error.message}${cause}`
}
