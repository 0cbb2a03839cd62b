import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { RunConfig } from '../../contract/run-config.ts'
import { TerminationMessage } from '../../contract/run-report.ts'

/** One line of the log of a trainer. */
export interface LogLine {
  readonly msg: string
  readonly step?: number
  readonly [field: string]: unknown
}

export interface TrainerResult {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined
  readonly lines: readonly LogLine[]
  /** Undefined where it ended without any. */
  readonly terminationMessage: TerminationMessage | undefined
}

export interface TrainerOptions {
  readonly config: RunConfig
  /** Folder for its config and its termination message. */
  readonly folder: string
  /** Called at each line of the log, to kill the trainer at a certain point. */
  readonly onLine?: (line: LogLine, child: ChildProcess) => void
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs a trainer as a process of its own, as a pod does, until it ends. */
export async function runTrainerProcess(options: TrainerOptions): Promise<TrainerResult> {
  const { config, folder, onLine, environment } = options
  const configPath = join(folder, `${config.identity.podUid}.json`)
  const terminationPath = join(folder, `${config.identity.podUid}.termination`)
  await writeFile(configPath, JSON.stringify(config))
  const child = spawn(process.execPath, ['trainer/main.ts', '--config', configPath], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, NECO_TERMINATION_FILE: terminationPath, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: LogLine[] = []
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as LogLine
    lines.push(line)
    onLine?.(line, child)
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  const terminationText = await readFile(terminationPath, 'utf8').catch(() => undefined)
  const terminationMessage =
    terminationText === undefined
      ? undefined
      : TerminationMessage.parse(JSON.parse(terminationText))
  return { exitCode: exitCode ?? undefined, lines, terminationMessage }
}
