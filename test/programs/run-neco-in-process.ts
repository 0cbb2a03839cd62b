import type { Command } from '../../cli/command.ts'
import { dispatch } from '../../cli/dispatch.ts'
import type { Shell } from '../../cli/shell.ts'

/** The result of a `neco` command. */
export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs commands in this process, in a folder, with a shell that nobody interrupts by default. */
export async function runNecoInProcess(
  args: readonly string[],
  commands: readonly Command[],
  shell: Pick<Shell, 'cwd'> & Partial<Shell>,
): Promise<CliResult> {
  let out = ''
  let err = ''
  const code = await dispatch(args, commands, {
    version: '1.2.3',
    calledAs: 'neco',
    homeFolder: shell.cwd,
    environment: {},
    programs: { trainer: '', evaluator: '' },
    write: (text) => {
      out += text
    },
    writeError: (text) => {
      err += text
    },
    isTerminal: false,
    columns: 80,
    now: () => Date.UTC(2026, 0, 1),
    random: () => 0,
    pid: process.pid,
    onInterrupt: () => () => undefined,
    ...shell,
  })
  return { code, out, err }
}
