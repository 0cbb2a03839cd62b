import type { Command } from './command.ts'

const formatHelpTable = (rows: readonly (readonly [string, string])[]): string[] => {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

const formatOperands = ({ operands }: Command): string =>
  operands.map(({ name, required }) => (required ? ` ${name}` : ` [${name}]`)).join('')

/** The page that `neco --help` prints. */
export const formatOverview = (commands: readonly Command[]): string =>
  [
    'neco trains and compares NeCo (Patch Neighbor Consistency) runs from a manifest.',
    '',
    'usage: neco COMMAND …',
    '',
    ...formatHelpTable(commands.map(({ name, summary }) => [name, summary])),
    '',
    'neco COMMAND --help shows flags and an example.',
    'exit codes: 0 done, 1 some points failed, 2 the input is wrong, 130 interrupted',
    '',
  ].join('\n')

/** The page that `neco COMMAND --help` prints. */
export function formatCommandHelp(command: Command): string {
  const flags = Object.entries(command.flags)
  const flagRows = flags.map(([name, { value, short, description }]): readonly [string, string] => [
    `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    description,
  ])
  return [
    `neco ${command.name}: ${command.summary}`,
    '',
    `usage: neco ${command.name}${formatOperands(command)}${flags.length > 0 ? ' [flags]' : ''}`,
    ...(flags.length > 0 ? ['', ...formatHelpTable(flagRows)] : []),
    ...(command.notes.length > 0 ? ['', ...command.notes] : []),
    '',
    command.examples.length > 1 ? 'examples:' : 'example:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n')
}
