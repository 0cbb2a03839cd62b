import type * as z from 'zod'
import { explain } from './explain.ts'
import { API_GROUP_VERSION, RUN_KIND, SWEEP_KIND } from './names.ts'
import { findNearestName } from './nearest-name.ts'
import { NeCoRun } from './necorun.ts'
import { NeCoSweep } from './necosweep.ts'

/** What is wrong with a manifest: the field, and what to do. */
export interface FieldProblem {
  readonly path: string
  readonly message: string
}

export type ParsedManifest =
  | { readonly ok: true; readonly kind: 'NeCoRun'; readonly run: NeCoRun }
  | { readonly ok: true; readonly kind: 'NeCoSweep'; readonly sweep: NeCoSweep }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] }

/** A path as people write it: spec.run.evaluations[0].at */
const formatFieldPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

function listKnownFields(kind: string, path: readonly PropertyKey[]): readonly string[] {
  const names = path.filter((key) => typeof key === 'string')
  const found = explain([kind, ...names].join('.'))
  return found.ok ? found.explanation.fields.map(({ name }) => name) : []
}

const buildSuggestion = (wanted: string, known: readonly string[]): string => {
  const nearest = findNearestName(wanted, known)
  if (nearest !== undefined) return `; did you mean ${nearest}?`
  return known.length > 0 && known.length <= 12 ? `; known here: ${known.join(', ')}` : ''
}

/** One zod issue as problems that name each field. */
function toFieldProblems(issue: z.core.$ZodIssue, kind: string): FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: formatFieldPath([...issue.path, key]),
      message: `unknown field${buildSuggestion(key, listKnownFields(kind, issue.path))}`,
    }))
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const known = issue.values.map(String)
    return [
      {
        path: formatFieldPath(issue.path),
        message: `unknown value ${issue.input}${buildSuggestion(issue.input, known) || `; one of ${known.length}`}`,
      },
    ]
  }
  return [{ path: formatFieldPath(issue.path), message: issue.message }]
}

const parseManifestAs = <S extends z.ZodType>(schema: S, value: unknown, kind: string) => {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return { ok: true as const, data: parsed.data }
  return {
    ok: false as const,
    problems: parsed.error.issues.flatMap((issue) => toFieldProblems(issue, kind)),
  }
}

const readField = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[field]
    : undefined

/** Reads a parsed YAML document as one of the two kinds, or says what is wrong by field. */
export function parseManifest(value: unknown): ParsedManifest {
  const version = readField(value, 'apiVersion')
  if (version !== API_GROUP_VERSION) {
    const message = `expected ${API_GROUP_VERSION}, got ${JSON.stringify(version) ?? 'nothing'}`
    return { ok: false, problems: [{ path: 'apiVersion', message }] }
  }
  const kind = readField(value, 'kind')
  if (kind === RUN_KIND) {
    const parsed = parseManifestAs(NeCoRun, value, RUN_KIND)
    return parsed.ok ? { ok: true, kind: RUN_KIND, run: parsed.data } : parsed
  }
  if (kind === SWEEP_KIND) {
    const parsed = parseManifestAs(NeCoSweep, value, SWEEP_KIND)
    return parsed.ok ? { ok: true, kind: SWEEP_KIND, sweep: parsed.data } : parsed
  }
  const message = `expected ${RUN_KIND} or ${SWEEP_KIND}, got ${JSON.stringify(kind) ?? 'nothing'}`
  return { ok: false, problems: [{ path: 'kind', message }] }
}
