import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { JobRecord } from './job-record.ts'

/** pino's level of a warning; errors are in the termination message anyway. */
const WARNING = 40

const LogLine = z.looseObject({ level: z.number(), msg: z.string() })
const STANDARD_LOG_FIELDS = new Set(['level', 'time', 'msg', 'pid', 'hostname'])

function parseWarnings(line: string): string[] {
  try {
    const parsed = LogLine.parse(JSON.parse(line))
    if (parsed.level !== WARNING) return []
    const details = Object.entries(parsed)
      .filter(([field]) => !STANDARD_LOG_FIELDS.has(field))
      .map(([, value]) => String(value))
    return [[parsed.msg, ...details].join(': ')]
  } catch {
    return []
  }
}

/**
 * The warnings in the logs of Jobs, each once, in the order of the Jobs. `folder` has a folder per
 * Job.
 */
export async function readJobWarnings(
  folder: string,
  jobs: readonly JobRecord[],
): Promise<readonly string[]> {
  const logs = await Promise.all(
    jobs.map(({ request: { namespace, name } }) =>
      readFile(join(folder, namespace, name, 'log.ndjson'), 'utf8').catch(() => ''),
    ),
  )
  return [...new Set(logs.flatMap((log) => log.split('\n').flatMap(parseWarnings)))]
}
