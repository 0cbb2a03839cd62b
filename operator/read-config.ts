import { LineCounter, parseDocument } from 'yaml'
import type * as z from 'zod'
import { OperatorConfig } from './config.ts'

/** What this process is, as its environment says. */
export interface Surrounding {
  /** The name that is written into the Lease. */
  readonly identity: string
  readonly namespace: string
}

export type ConfigRead =
  | { readonly ok: true; readonly config: OperatorConfig }
  | { readonly ok: false; readonly problems: readonly string[] }

interface Source {
  /** The file as it was typed, for messages. */
  readonly file: string
  readonly text: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const dotted = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

const problemsOf = (issue: z.core.$ZodIssue): readonly string[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${dotted([...issue.path, key])}: unknown field`)
  }
  const path = dotted(issue.path)
  return [path === '' ? issue.message : `${path}: ${issue.message}`]
}

/** NECO_LOG_LEVEL goes before the file, so that one replica can be listened to without a new configuration. */
const withEnvironment = (value: unknown, { environment }: Source): unknown => {
  const level = environment['NECO_LOG_LEVEL']
  if (level === undefined || level === '') return value
  return { ...(value as object), log: { level } }
}

/** The configuration in a text of YAML or JSON, or every problem with file and field. An empty file takes every default. */
export function readConfig(source: Source): ConfigRead {
  const { file, text } = source
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ pos, message }) => {
      const { line, col } = lines.linePos(pos[0])
      return `${file}:${line}:${col}: ${message}`
    })
    return { ok: false, problems }
  }
  const value = withEnvironment(document.toJS() ?? {}, source)
  const parsed = OperatorConfig.safeParse(value)
  if (parsed.success) return { ok: true, config: parsed.data }
  const problems = parsed.error.issues.flatMap(problemsOf).map((problem) => `${file}: ${problem}`)
  return { ok: false, problems }
}

/** Who this process is: the pod, where it is one. */
export function surroundingOf(
  environment: Source['environment'],
  host: { readonly name: string; readonly pid: number },
): Surrounding {
  const { POD_NAME, POD_NAMESPACE } = environment
  return {
    identity: POD_NAME ?? `${host.name}-${host.pid}`,
    namespace: POD_NAMESPACE ?? 'default',
  }
}
