import type * as z from 'zod'
import { explain } from './explain.ts'
import { API_GROUP_VERSION, RUN_KIND, SWEEP_KIND } from './names.ts'
import { nearestName } from './nearest-name.ts'
import { NeCoRun } from './necorun.ts'
import { NeCoSweep } from './necosweep.ts'

/** What is wrong with a manifest: the field, and what to do. */
export interface Problem {
  readonly path: string
  readonly message: string
}

export type ParsedManifest =
  | { readonly ok: true; readonly kind: 'NeCoRun'; readonly run: NeCoRun }
  | { readonly ok: true; readonly kind: 'NeCoSweep'; readonly sweep: NeCoSweep }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** A path as people write it: spec.run.evaluations[0].at */
const dottedPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

function knownFields(kind: string, path: readonly PropertyKey[]): readonly string[] {
  const names = path.filter((key) => typeof key === 'string')
  const found = explain([kind, ...names].join('.'))
  return found.ok ? found.explanation.fields.map(({ name }) => name) : []
}

const suggestion = (wanted: string, known: readonly string[]): string => {
  const nearest = nearestName(wanted, known)
  if (nearest !== undefined) return `; did you mean ${nearest}?`
  return known.length > 0 && known.length <= 12 ? `; known here: ${known.join(', ')}` : ''
}

/** One zod issue as problems that name each field. */
function problemsOf(issue: z.core.$ZodIssue, kind: string): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: dottedPath([...issue.path, key]),
      message: `unknown field${suggestion(key, knownFields(kind, issue.path))}`,
    }))
  }
  if (issue.code === 'invalid_value' && typeof issue.input === 'string') {
    const known = issue.values.map(String)
    return [
      {
        path: dottedPath(issue.path),
        message: `unknown value ${issue.input}${suggestion(issue.input, known) || `; one of ${known.length}`}`,
      },
    ]
  }
  return [{ path: dottedPath(issue.path), message: issue.message }]
}

const parseWith = <S extends z.ZodType>(schema: S, value: unknown, kind: string) => {
  const parsed = schema.safeParse(value, { reportInput: true })
  if (parsed.success) return { ok: true as const, data: parsed.data }
  return {
    ok: false as const,
    problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, kind)),
  }
}

const fieldOf = (value: unknown, field: string): unknown =>
  typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[field]
    : undefined

/** Reads a parsed YAML document as one of the two kinds, or says what is wrong by field. */
export function parseManifest(value: unknown): ParsedManifest {
  const version = fieldOf(value, 'apiVersion')
  if (version !== API_GROUP_VERSION) {
    const message = `expected ${API_GROUP_VERSION}, got ${JSON.stringify(version) ?? 'nothing'}`
    return { ok: false, problems: [{ path: 'apiVersion', message }] }
  }
  const kind = fieldOf(value, 'kind')
  if (kind === RUN_KIND) {
    const parsed = parseWith(NeCoRun, value, RUN_KIND)
    return parsed.ok ? { ok: true, kind: RUN_KIND, run: parsed.data } : parsed
  }
  if (kind === SWEEP_KIND) {
    const parsed = parseWith(NeCoSweep, value, SWEEP_KIND)
    return parsed.ok ? { ok: true, kind: SWEEP_KIND, sweep: parsed.data } : parsed
  }
  const message = `expected ${RUN_KIND} or ${SWEEP_KIND}, got ${JSON.stringify(kind) ?? 'nothing'}`
  return { ok: false, problems: [{ path: 'kind', message }] }
}
