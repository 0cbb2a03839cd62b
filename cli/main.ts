#!/usr/bin/env node
import { join } from 'node:path'
import packageFile from '../package.json' with { type: 'json' }
import type { Command } from './command.ts'
import { explainCommand } from './commands/explain.ts'
import { plotCommand } from './commands/plot.ts'
import { resultsCommand } from './commands/results.ts'
import { runCommand } from './commands/run.ts'
import { scenesCommand } from './commands/scenes.ts'
import { validateCommand } from './commands/validate.ts'
import { watchCommand } from './commands/watch.ts'
import { dispatch } from './dispatch.ts'
import type { Shell } from './shell.ts'

const COMMANDS: readonly Command[] = [
  runCommand,
  watchCommand,
  resultsCommand,
  plotCommand,
  validateCommand,
  explainCommand,
  scenesCommand,
]

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

const root = join(import.meta.dirname, '..')

const shell: Shell = {
  version: packageFile.version,
  cwd: process.cwd(),
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
  pid: process.pid,
  onInterrupt,
}

process.exitCode = await dispatch(process.argv.slice(2), COMMANDS, shell)
