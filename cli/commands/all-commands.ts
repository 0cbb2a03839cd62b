import type { Command } from '../command.ts'
import { explainCommand } from './explain.ts'
import { plotCommand } from './plot.ts'
import { resultsCommand } from './results.ts'
import { runCommand } from './run.ts'
import { scenesCommand } from './scenes.ts'
import { resumeCommand, stopCommand, suspendCommand } from './suspend.ts'
import { validateCommand } from './validate.ts'
import { watchCommand } from './watch.ts'

/** Every command, in the order in which `neco --help` lists them. */
export const COMMANDS: readonly Command[] = [
  runCommand,
  watchCommand,
  resultsCommand,
  plotCommand,
  suspendCommand,
  resumeCommand,
  stopCommand,
  validateCommand,
  explainCommand,
  scenesCommand,
]
