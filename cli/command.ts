import type { ExitCode } from './exit-code.ts'
import type { Shell } from './shell.ts'

export interface Flag {
  /** A placeholder such as DIR for a flag that takes a value; a flag without one is a switch. */
  readonly value?: string
  /** One letter that stands for it. */
  readonly short?: string
  readonly repeatable?: boolean
  readonly description: string
}

interface Operand {
  readonly name: string
  readonly required: boolean
}

/** What was typed after the name of the command, checked against its flags and operands. */
export interface Call {
  readonly operands: readonly string[]
  readonly values: ReadonlyMap<string, readonly string[]>
  readonly switches: ReadonlySet<string>
}

/** One subcommand of `neco`. */
export interface Command {
  readonly name: string
  readonly summary: string
  readonly operands: readonly Operand[]
  readonly flags: Readonly<Record<string, Flag>>
  readonly notes: readonly string[]
  readonly examples: readonly string[]
  readonly perform: (call: Call, shell: Shell) => Promise<ExitCode>
}

/** The last value given for a flag. */
export const flagValue = (call: Call, flag: string): string | undefined =>
  call.values.get(flag)?.at(-1)
