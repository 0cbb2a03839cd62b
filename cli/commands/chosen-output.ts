import { resolve } from 'node:path'
import { type Call, type Flag, flagValue } from '../command.ts'
import { newestOutput } from '../local/read-study.ts'
import type { Shell } from '../shell.ts'

/** The flag of every command that reads an output folder. */
export const outFlag: Flag = {
  value: 'DIR',
  description: 'the output folder of the study; the newest under out/ when left out',
}

/** The folder that a command reads. */
export const chosenOutput = async (call: Call, shell: Shell): Promise<string> => {
  const given = flagValue(call, 'out')
  return given === undefined ? newestOutput(shell.cwd) : resolve(shell.cwd, given)
}
