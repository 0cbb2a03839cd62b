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

/** The arguments after the name of the command, validated against its flags and operands. */
export interface ParsedArgs {
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
  readonly run: (args: ParsedArgs, shell: Shell) => Promise<ExitCode>
}

/** The last value given for a flag. */
export const readFlagValue = (args: ParsedArgs, flag: string): string | undefined =>
  args.values.get(flag)?.at(-1)
