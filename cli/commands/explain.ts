import { type ExplainedField, type Explanation, explain } from '../../crds/explain.ts'
import { findNearestName } from '../../crds/nearest-name.ts'
import type { Command, ParsedArgs } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import type { Shell } from '../shell.ts'

const WIDTH = 88

/** Breaks a text into lines of at most 88 characters with an indent. */
function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = indent
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== '') {
      lines.push(line)
      line = indent
    }
    line += line === indent ? word : ` ${word}`
  }
  return line.trim() === '' ? lines : [...lines, line]
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', `${title}:`, ...lines]

const fieldLines = (field: ExplainedField): string[] => [
  `  ${field.name}\t<${field.type}>${field.required ? ' -required-' : ''}`,
  ...(field.allowed.length > 0 ? wrap(`one of ${field.allowed.join(', ')}`, '      ') : []),
  ...(field.bounds === '' ? [] : [`      ${field.bounds}`]),
  ...wrap(field.description, '    '),
]

/** The page of one field, laid out as `kubectl explain` does. */
function formatExplanation(found: Explanation): string {
  const field = found.path.at(-1)
  return [
    `KIND:   ${found.kind}`,
    ...(field === undefined ? [] : [`FIELD:  ${found.path.join('.')} <${found.type}>`]),
    ...section('DESCRIPTION', wrap(found.description, '  ')),
    ...section('BOUNDS', found.bounds === '' ? [] : [`  ${found.bounds}`]),
    ...section(
      'RULES',
      found.rules.flatMap((rule) => wrap(`- ${rule}`, '  ')),
    ),
    ...section('FIELDS', found.fields.flatMap(fieldLines)),
    '',
  ].join('\n')
}

async function runExplain(args: ParsedArgs, shell: Shell) {
  const path = args.operands[0] ?? ''
  const found = explain(path)
  if (!found.ok) {
    const nearest = findNearestName(found.unknown, found.known)
    const hint =
      nearest === undefined ? `known here: ${found.known.join(', ')}` : `did you mean ${nearest}?`
    throw new InputError([`neco explain ${path}: unknown field ${found.unknown}; ${hint}`])
  }
  shell.write(formatExplanation(found.explanation))
  return EXIT.Done
}

export const explainCommand: Command = {
  name: 'explain',
  summary: 'say what a field of a manifest means',
  operands: [{ name: 'FIELD', required: true }],
  flags: {},
  notes: ['FIELD starts with the kind: necosweep or necorun.'],
  examples: ['neco explain necosweep.spec.search', 'neco explain necorun.spec.loss'],
  run: runExplain,
}
