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

/** Reads the one file that tells a pod everything. Throws RunConfigInvalid with every wrong field. */
export async function readRunConfig(path: string): Promise<RunConfig> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrong(path, 'cannot be read; pass --config FILE', error)
  })
  const parsed = RunConfig.safeParse(parseJson(path, text))
  if (parsed.success) return parsed.data
  const fields = parsed.error.issues.map(
    (issue) => `${issue.path.map(String).join('.')}: ${issue.message}`,
  )
  throw wrong(path, fields.join('; '))
}
