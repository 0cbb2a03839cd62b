import { homedir } from 'node:os'
import { join } from 'node:path'
import packageFile from '../package.json' with { type: 'json' }
import { EXIT } from './exit-code.ts'
import type { Shell } from './shell.ts'

type Interrupts = Pick<Shell, 'onInterrupt'>

/**
 * Handles Ctrl-C and SIGTERM from now on. Without a listener they end the process at once, also as
 * process 1 of a container, which has no default action for them.
 */
function listenForInterrupts(): Interrupts {
  const listeners = new Set<() => void>()
  const onSignal = (): void => {
    if (listeners.size === 0) process.exit(EXIT.Interrupted)
    for (const listener of [...listeners]) listener()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    onInterrupt: (listener) => {
      let count = 0
      const counted = (): void => listener(++count)
      listeners.add(counted)
      return () => listeners.delete(counted)
    },
  }
}

const omitUndefinedVariables = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )

/** The shell of this process, for the two programs of the command line. */
export function createProcessShell(calledAs: Shell['calledAs']): Shell {
  const root = join(import.meta.dirname, '..')
  return {
    version: packageFile.version,
    calledAs,
    cwd: process.cwd(),
    homeFolder: homedir(),
    environment: omitUndefinedVariables(process.env),
    programs: {
      trainer: join(root, 'trainer', 'main.ts'),
      evaluator: join(root, 'evaluator', 'main.ts'),
    },
    write: (text) => process.stdout.write(text),
    writeError: (text) => process.stderr.write(text),
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns ?? 100,
    now: Date.now,
    random: Math.random,
    pid: process.pid,
    ...listenForInterrupts(),
  }
}
