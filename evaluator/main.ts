import { setImmediate, setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pino, { type Logger } from 'pino'
import { EXIT_CODES, type ExitReason } from '../crds/exit-codes.ts'
import type { RunConfig } from '../crds/run-config.ts'
import type { TerminationMessage } from '../crds/run-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { readRunConfig } from '../pod/read-run-config.ts'
import { openSpool, type ReportBody, type Spool } from '../pod/spool.ts'
import { stopSignal } from '../pod/stop-signal.ts'
import type { Storage } from '../pod/storage.ts'
import { attemptFolder, spoolPath } from '../pod/storage-layout.ts'
import { writeTermination } from '../pod/termination.ts'
import { startBackend } from '../vision/backends/start-backend.ts'
import { failureReason } from './failure-reason.ts'
import { type Evaluated, type EvaluatorWorld, runEvaluations } from './run-evaluations.ts'

const isWatched = process.env['NECO_PARENT_WATCH'] === 'stdin'
const monotonicMs = (): number => performance.now()
const sleep = (ms: number): Promise<void> => (ms > 0 ? setTimeout(ms) : setImmediate())

function configPath(): string {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (values.config !== undefined) return values.config
  throw new PodFailure('--config FILE is missing: the run-config.json of this evaluator', {
    code: 'RunConfigMissing',
    reason: 'UserError',
  })
}

/** Opens the spool with the first report, since its path holds the run key. */
function reporter(config: RunConfig, storage: Storage): EvaluatorWorld['report'] {
  let spool: Spool | undefined
  return async (runKey: string, body: ReportBody) => {
    const path = spoolPath(attemptFolder(runKey, config.identity))
    const { identity } = config
    spool ??= await openSpool({ storage, path, identity, now: () => new Date(), monotonicMs })
    await spool.write([body])
  }
}

/** The end must come within the grace period, even where storage hangs. */
function endWithinGrace(signal: AbortSignal, graceSeconds: number): void {
  signal.addEventListener('abort', () => {
    globalThis.setTimeout(() => process.exit(EXIT_CODES.Interrupted), graceSeconds * 1000).unref()
  })
}

async function evaluate(log: Logger, signal: AbortSignal): Promise<TerminationMessage> {
  const config = await readRunConfig(configPath())
  const { threads, storage: root, gracePeriodSeconds } = config.execution
  endWithinGrace(signal, gracePeriodSeconds)
  const backend = await startBackend({ backend: 'wasm', threads })
  log.info({ backend: backend.identity }, backend.why)
  try {
    const storage = folderStorage(root, () => Date.now())
    const evaluated = await runEvaluations(config, {
      storage,
      signal,
      monotonicMs,
      sleep,
      report: reporter(config, storage),
      log: (message, data) => log.info(data, message),
      backend: backend.identity,
    })
    return lastWords(evaluated)
  } finally {
    await backend.close()
  }
}

function lastWords(evaluated: Evaluated): TerminationMessage {
  const { runKey, step, backend, reused, evaluations } = evaluated
  return {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: reused ? 'every result was found under its key' : 'evaluated',
    runKey,
    backend,
    reused,
    step,
    metrics: { ...evaluations.at(-1)?.metrics },
    evaluations: [...evaluations],
  }
}

const failureWords = (code: string, message: string): TerminationMessage => ({
  schemaVersion: 1,
  reason: code,
  message: message.slice(0, 1500),
  reused: false,
  step: 0,
  metrics: {},
  evaluations: [],
})

async function main(): Promise<ExitReason> {
  const log = pino({ base: null })
  const signal = stopSignal({ process, ...(isWatched ? { parentPipe: process.stdin } : {}) })
  const terminationPath = process.env['NECO_TERMINATION_FILE']
  const end = async (words: TerminationMessage): Promise<void> => {
    if (terminationPath !== undefined) await writeTermination(terminationPath, words)
  }
  try {
    const words = await evaluate(log, signal)
    await end(words)
    log.info({ metrics: words.metrics, reused: words.reused }, 'Evaluated')
    return 'Succeeded'
  } catch (error) {
    const { reason, code } = failureReason(error)
    const message = error instanceof Error ? error.message : String(error)
    log.error({ err: error, reason, code }, message)
    await end(failureWords(code, message))
    return reason
  }
}

process.exitCode = EXIT_CODES[await main()]
// The pipe that the parent holds must not keep a finished evaluator alive.
if (isWatched) process.stdin.unref()
