import { METRICS } from '../../method/metrics.ts'
import { explain } from '../explain.ts'
import { KINDS } from './to-crd.ts'

const escapeTableCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const HEADER = ['| field | type | bounds | meaning |', '| --- | --- | --- | --- |']

function buildReferenceSection(path: string): string[] {
  const found = explain(path)
  if (!found.ok || found.explanation.fields.length === 0) return []
  const { description, fields, rules } = found.explanation
  const rows = fields.map(({ name, type, required, description: meaning, allowed, bounds }) => {
    const limits = allowed.length > 0 ? allowed.map((word) => `\`${word}\``).join(' ') : bounds
    const label = required ? `**${name}**` : name
    return `| ${label} | ${type} | ${escapeTableCell(limits)} | ${escapeTableCell(meaning)} |`
  })
  return [
    `### ${path}`,
    '',
    ...(description === '' ? [] : [description, '']),
    ...HEADER,
    ...rows,
    '',
    ...rules.map((rule) => `- ${rule}`),
    ...(rules.length > 0 ? [''] : []),
    ...buildNestedSections(path, fields),
  ]
}

/** A point repeats the parameters of a run by path; listing them again would only be noise. */
const buildNestedSections = (
  path: string,
  fields: readonly { name: string; type: string }[],
): string[] =>
  fields
    .filter(({ name, type }) => type.endsWith('Object') && name !== 'metadata' && name !== 'points')
    .filter(({ name }) => !(path === 'necosweep.spec' && name === 'run'))
    .flatMap(({ name }) => buildReferenceSection(`${path}.${name}`))

const METRIC_ROWS = Object.entries(METRICS).map(
  ([name, { title, unit, better, deterministic }]) =>
    `| ${name} | ${title} | ${unit} | ${better} | ${deterministic ? 'yes' : 'no'} |`,
)

/** The reference pages of both kinds and of the metrics, in Markdown. Required fields are bold. */
export const buildReferencePage = (): string =>
  [
    '# Reference',
    '',
    'Made from the schemas in `crds/` by `npm run generate`. Required fields are bold. `neco explain PATH` shows the same in a terminal.',
    '',
    ...KINDS.flatMap(({ kind, description }) => {
      const name = kind.toLowerCase()
      return [
        `## ${kind}`,
        '',
        description,
        '',
        ...buildReferenceSection(`${name}.spec`),
        ...buildReferenceSection(`${name}.status`),
      ]
    }),
    '## Metrics',
    '',
    '| name | what | unit | better | equal for equal runs |',
    '| --- | --- | --- | --- | --- |',
    ...METRIC_ROWS,
    '',
  ].join('\n')
