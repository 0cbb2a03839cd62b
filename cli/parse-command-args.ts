import { parseArgs } from 'node:util'
import { findNearestName } from '../crds/nearest-name.ts'
import { omitUndefined } from '../std/omit-undefined.ts'
import type { Command, Flag, ParsedArgs } from './command.ts'
import { InputError } from './input-error.ts'

const formatSuggestion = (typed: string, known: readonly string[]): string => {
  const nearest = findNearestName(typed, known)
  return nearest === undefined ? '' : `; did you mean ${nearest}?`
}

/** Finds a command by name. Throws InputError with the nearest known name. */
export function chooseCommand(name: string, commands: readonly Command[]): Command {
  const found = commands.find((command) => command.name === name)
  if (found !== undefined) return found
  const names = commands.map((command) => command.name)
  throw new InputError([
    `unknown command ${name}${formatSuggestion(name, names)}`,
    `commands: ${names.join(', ')} (neco --help)`,
  ])
}

const toParseArgsOption = ({ value, short, repeatable }: Flag) => ({
  type: value === undefined ? ('boolean' as const) : ('string' as const),
  multiple: repeatable ?? false,
  ...omitUndefined({ short }),
})

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

function checkOption(command: Command, { name, value, rawName }: OptionToken): void {
  const flag = command.flags[name]
  if (flag === undefined) {
    const known = Object.keys(command.flags).map((flagName) => `--${flagName}`)
    throw new InputError([
      `neco ${command.name}: unknown flag ${rawName}${formatSuggestion(rawName, known)}`,
      `see neco ${command.name} --help`,
    ])
  }
  if (flag.value !== undefined && (value === undefined || value === '')) {
    throw new InputError([`neco ${command.name}: --${name} needs a value: --${name} ${flag.value}`])
  }
  if (flag.value === undefined && value !== undefined) {
    throw new InputError([`neco ${command.name}: --${name} takes no value`])
  }
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const missing = command.operands.filter(({ required }, at) => required && at >= operands.length)
  if (missing[0] !== undefined) {
    throw new InputError([
      `neco ${command.name}: ${missing[0].name} is missing`,
      `for example: ${command.examples[0] ?? ''}`,
    ])
  }
  const extra = operands[command.operands.length]
  if (extra !== undefined) {
    throw new InputError([
      `neco ${command.name}: unexpected ${extra}; see neco ${command.name} --help`,
    ])
  }
}

/** Parses the arguments of a command. Throws InputError with the nearest known flag. */
export function parseCommandArgs(command: Command, argv: readonly string[]): ParsedArgs {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(command.flags).map(([name, flag]) => [name, toParseArgsOption(flag)]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const options = tokens.filter((token) => token.kind === 'option')
  const operands = tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []))
  for (const option of options) checkOption(command, option)
  checkOperands(command, operands)
  const given = options.filter(({ value }) => value !== undefined)
  return {
    operands,
    values: new Map(
      given.map(({ name }) => [
        name,
        given.flatMap((option) => (option.name === name ? [option.value ?? ''] : [])),
      ]),
    ),
    switches: new Set(options.flatMap(({ name, value }) => (value === undefined ? [name] : []))),
  }
}
