import { setImmediate } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pino, { type Logger } from 'pino'
import { EXIT_CODES, type ExitReason } from '../crds/exit-codes.ts'
import type { RunConfig } from '../crds/run-config.ts'
import type { TerminationMessage } from '../crds/run-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { readRunConfig } from '../pod/read-run-config.ts'
import { openSpool } from '../pod/spool.ts'
import { stopSignal } from '../pod/stop-signal.ts'
import { spoolPath } from '../pod/storage-layout.ts'
import { writeTermination } from '../pod/termination.ts'
import { startBackend } from '../vision/backends/start-backend.ts'
import { failureReason } from './failure-reason.ts'
import { type Trained, train } from './train.ts'

const isWatched = process.env['NECO_PARENT_WATCH'] === 'stdin'
const monotonicMs = (): number => performance.now()

function configPath(): string {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (values.config !== undefined) return values.config
  throw new PodFailure('--config FILE is missing: the run-config.json of this trainer', {
    code: 'RunConfigMissing',
    reason: 'UserError',
  })
}

/** The end must come within the grace period, even where storage hangs. */
function endWithinGrace(signal: AbortSignal, graceSeconds: number): void {
  signal.addEventListener('abort', () => {
    setTimeout(() => process.exit(EXIT_CODES.Interrupted), graceSeconds * 1000).unref()
  })
}

async function trainAsTold(config: RunConfig, log: Logger, signal: AbortSignal): Promise<Trained> {
  const { threads, storage: root, gracePeriodSeconds } = config.execution
  endWithinGrace(signal, gracePeriodSeconds)
  const backend = await startBackend({ backend: 'wasm', threads })
  log.info({ backend: backend.identity }, backend.why)
  try {
    const storage = folderStorage(root, () => Date.now())
    const { identity } = config
    return await train(config, {
      storage,
      signal,
      monotonicMs,
      breathe: () => setImmediate(),
      openSpool: (folder) =>
        openSpool({
          storage,
          path: spoolPath(folder),
          identity,
          now: () => new Date(),
          monotonicMs,
        }),
      log: (message, data) => log.info(data, message),
      backend: backend.identity,
    })
  } finally {
    await backend.close()
  }
}

function lastWords(trained: Trained): TerminationMessage {
  const { runKey, backend, reused, step, metrics, isInterrupted } = trained
  const found = reused ? 'the result was found under its key' : 'trained'
  return {
    schemaVersion: 1,
    reason: isInterrupted ? 'Interrupted' : 'Succeeded',
    message: isInterrupted ? `stopped after a checkpoint at step ${step}` : found,
    runKey,
    backend,
    reused,
    step,
    metrics: { ...metrics },
    evaluations: [],
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
    const words = lastWords(await trainAsTold(await readRunConfig(configPath()), log, signal))
    await end(words)
    log.info({ metrics: words.metrics, reused: words.reused, step: words.step }, words.message)
    return words.reason === 'Interrupted' ? 'Interrupted' : 'Succeeded'
  } catch (error) {
    const { reason, code } = failureReason(error)
    const message = error instanceof Error ? error.message : String(error)
    log.error({ err: error, reason, code }, message)
    await end(failureWords(code, message))
    return reason
  }
}

process.exitCode = EXIT_CODES[await main()]
// The pipe that the parent holds must not keep a finished trainer alive.
if (isWatched) process.stdin.unref()
