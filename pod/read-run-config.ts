import { readFile } from 'node:fs/promises'
import { RunConfig } from '../contract/run-config.ts'
import { omitUndefined } from '../std/omit-undefined.ts'
import { PodFailure } from './pod-failure.ts'

const buildRunConfigError = (path: string, what: string, cause?: unknown): PodFailure =>
  new PodFailure(`${path}: ${what}`, { code: 'RunConfigInvalid', reason: 'UserError', cause })

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw buildRunConfigError(path, `not JSON (${(error as Error).message})`, error)
  }
}

type Environment = Readonly<Record<string, string | undefined>>

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/**
 * A file that all attempts of a run share cannot know the pod: its UID and the attempt are in the
 * environment.
 */
function parseIdentityVariables({ NECO_POD_UID: podUid, NECO_ATTEMPT: attempt }: Environment) {
  return {
    ...omitUndefined({ podUid }),
    ...(attempt === undefined ? {} : { attempt: Number(attempt) }),
  }
}

/** Nor the deadlines by which the pod ends itself, which may be edited between two attempts. */
function parseDeadlineVariables(environment: Environment) {
  const { NECO_FIRST_STEP_SECONDS: firstStep, NECO_STALL_SECONDS: stall } = environment
  return {
    ...(firstStep === undefined ? {} : { firstStepSeconds: Number(firstStep) }),
    ...(stall === undefined ? {} : { stallSeconds: Number(stall) }),
  }
}

/** Nor whether the training still runs, which differs between two attempts at an evaluation. */
const parseTaskVariables = ({ NECO_BESIDE_TRAINING: value }: Environment) =>
  value === undefined ? {} : { isBesideTraining: value === 'true' }

/** What the file says itself goes before the environment. */
function withEnvironment(config: unknown, environment: Environment): unknown {
  if (!isRecord(config) || !isRecord(config['identity'])) return config
  const { identity, execution } = config
  return {
    ...parseTaskVariables(environment),
    ...config,
    identity: { ...parseIdentityVariables(environment), ...identity },
    ...(isRecord(execution)
      ? { execution: { ...parseDeadlineVariables(environment), ...execution } }
      : {}),
  }
}

/**
 * Reads the one file that tells a pod everything; what all attempts of a run share leaves out,
 * NECO_POD_UID, NECO_ATTEMPT, NECO_FIRST_STEP_SECONDS, NECO_STALL_SECONDS and NECO_BESIDE_TRAINING
 * say. Throws RunConfigInvalid with every wrong field.
 */
export async function readRunConfig(
  path: string,
  environment: Environment = {},
): Promise<RunConfig> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw buildRunConfigError(path, 'cannot be read; pass --config FILE', error)
  })
  const parsed = RunConfig.safeParse(withEnvironment(parseJson(path, text), environment))
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(
    (issue) => `${issue.path.map(String).join('.')}: ${issue.message}`,
  )
  throw buildRunConfigError(path, fields.join('; '))
}
