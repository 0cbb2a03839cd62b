import { LineCounter, parseDocument } from 'yaml'
import type * as z from 'zod'
import { OperatorConfig } from './config.ts'

/** What this process is, as its environment says. */
export interface OperatorIdentity {
  /** The name that is written into the Lease. */
  readonly identity: string
  readonly namespace: string
}

export type ConfigResult =
  | { readonly ok: true; readonly config: OperatorConfig }
  | { readonly ok: false; readonly problems: readonly string[] }

interface ConfigSource {
  /** The file as it was typed, for messages. */
  readonly file: string
  readonly text: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const formatFieldPath = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')

const toConfigProblems = (issue: z.core.$ZodIssue): readonly string[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${formatFieldPath([...issue.path, key])}: unknown field`)
  }
  const path = formatFieldPath(issue.path)
  return [path === '' ? issue.message : `${path}: ${issue.message}`]
}

/**
 * NECO_LOG_LEVEL goes before the file, so that one replica can be listened to without a new
 * configuration.
 */
const applyEnvironment = (value: unknown, { environment }: ConfigSource): unknown => {
  const level = environment['NECO_LOG_LEVEL']
  if (level === undefined || level === '') return value
  return { ...(value as object), log: { level } }
}

/**
 * The configuration in a text of YAML or JSON, or every problem with file and field. An empty file
 * takes every default.
 */
export function readConfig(source: ConfigSource): ConfigResult {
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
  const value = applyEnvironment(document.toJS() ?? {}, source)
  const parsed = OperatorConfig.safeParse(value)
  if (parsed.success) return { ok: true, config: parsed.data }
  const problems = parsed.error.issues
    .flatMap(toConfigProblems)
    .map((problem) => `${file}: ${problem}`)
  return { ok: false, problems }
}

/** Who this process is: the pod, where it is one. */
export function readOperatorIdentity(
  environment: ConfigSource['environment'],
  host: { readonly name: string; readonly pid: number },
): OperatorIdentity {
  const { POD_NAME, POD_NAMESPACE } = environment
  return {
    identity: POD_NAME ?? `${host.name}-${host.pid}`,
    namespace: POD_NAMESPACE ?? 'default',
  }
}
