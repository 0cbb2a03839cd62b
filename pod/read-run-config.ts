import { readFile } from 'node:fs/promises'
import { RunConfig } from '../crds/run-config.ts'
import { PodFailure } from './pod-failure.ts'

const wrong = (path: string, what: string, cause?: unknown): PodFailure =>
  new PodFailure(`${path}: ${what}`, { code: 'RunConfigInvalid', reason: 'UserError', cause })

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw wrong(path, `not JSON (${(error as Error).message})`, error)
  }
}

type Environment = Readonly<Record<string, string | undefined>>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** A file that a whole Job shares cannot know the pod: its UID, and the attempt, are in the environment. */
function withIdentity(config: unknown, environment: Environment): unknown {
  if (!isRecord(config) || !isRecord(config['identity'])) return config
  const { NECO_POD_UID: podUid, NECO_ATTEMPT: attempt } = environment
  const told = {
    ...(podUid === undefined ? {} : { podUid }),
    ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
  }
  return { ...config, identity: { ...told, ...config['identity'] } }
}

/** Reads the one file that tells a pod everything; where it names no pod or attempt, NECO_POD_UID and NECO_ATTEMPT do. Throws RunConfigInvalid with every wrong field. */
export async function readRunConfig(
  path: string,
  environment: Environment = {},
): Promise<RunConfig> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrong(path, 'cannot be read; pass --config FILE', error)
  })
  const parsed = RunConfig.safeParse(withIdentity(parseJson(path, text), environment))
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(
    (issue) => `${issue.path.map(String).join('.')}: ${issue.message}`,
  )
  throw wrong(path, fields.join('; '))
}
