import { homedir } from 'node:os'
import { join } from 'node:path'
import packageFile from '../package.json' with { type: 'json' }
import type { Shell } from './shell.ts'

function onInterrupt(listener: (count: number) => void): () => void {
  let count = 0
  const heard = (): void => listener(++count)
  process.on('SIGINT', heard)
  process.on('SIGTERM', heard)
  return () => {
    process.off('SIGINT', heard)
    process.off('SIGTERM', heard)
  }
}

const definedOnly = (environment: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  )

/** The world around this process, for the two programs that a person calls. */
export function processShell(calledAs: Shell['calledAs']): Shell {
  const root = join(import.meta.dirname, '..')
  return {
    version: packageFile.version,
    calledAs,
    cwd: process.cwd(),
    homeFolder: homedir(),
    environment: definedOnly(process.env),
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
    onInterrupt,
  }
}
