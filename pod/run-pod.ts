import { parseArgs } from 'node:util'
import pino, { type Logger } from 'pino'
import { EXIT_CODES, type ExitReason, type NamedFailure } from '../crds/exit-codes.ts'
import type { RunConfig } from '../crds/run-config.ts'
import type { TerminationMessage } from '../crds/run-report.ts'
import { nameFailure } from './name-failure.ts'
import { PodFailure } from './pod-failure.ts'
import { readRunConfig } from './read-run-config.ts'
import { stopSignal } from './stop-signal.ts'
import { failureWords, writeTermination } from './termination.ts'
import { openVoice, type PodVoice } from './voice.ts'

export interface PodTools {
  readonly log: Logger
  /** Aborted when the pod is asked to end; it then has its grace time. */
  readonly signal: AbortSignal
  /** What it says, and what it is asked. */
  readonly voice: PodVoice
}

/** A program of a pod: its work, and what its own failures are called. */
export interface PodProgram {
  readonly name: 'trainer' | 'evaluator'
  /** Says the last words; their reason is Succeeded or Interrupted. */
  readonly work: (config: RunConfig, tools: PodTools) => Promise<TerminationMessage>
  readonly failure: (error: unknown) => NamedFailure | undefined
}

function configPath(name: PodProgram['name']): string {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (values.config !== undefined) return values.config
  throw new PodFailure(`--config FILE is missing: the run-config.json of this ${name}`, {
    code: 'RunConfigMissing',
    reason: 'UserError',
  })
}

/** The end must come within the grace time, even where storage hangs. */
function endWithinGrace(signal: AbortSignal, graceSeconds: number): void {
  signal.addEventListener('abort', () => {
    setTimeout(() => process.exit(EXIT_CODES.Interrupted), graceSeconds * 1000).unref()
  })
}

interface PodProcess {
  readonly log: Logger
  readonly signal: AbortSignal
  /** Writes the last words, where somebody reads them. */
  readonly end: (words: TerminationMessage) => Promise<void>
}

async function runProgram(program: PodProgram, pod: PodProcess): Promise<ExitReason> {
  const { log, end } = pod
  let voice: PodVoice | undefined
  try {
    const config = await readRunConfig(configPath(program.name), process.env)
    voice = await voiceOf(program, config, pod)
    const signal = AbortSignal.any([pod.signal, voice.stopped])
    endWithinGrace(signal, config.execution.gracePeriodSeconds)
    const words = await program.work(config, { log, signal, voice })
    await end(words)
    const { metrics, reused, step, reason } = words
    log.info({ metrics, reused, step }, words.message)
    return reason === 'Interrupted' ? 'Interrupted' : 'Succeeded'
  } catch (error) {
    const { reason, code } = nameFailure(error, program.failure)
    const message = error instanceof Error ? error.message : String(error)
    log.error({ err: error, reason, code }, message)
    await end(failureWords(code, message))
    return reason
  } finally {
    // After the last words, which a kill meanwhile must not cost.
    await voice?.close()
  }
}

function voiceOf({ name }: PodProgram, config: RunConfig, pod: PodProcess): Promise<PodVoice> {
  return openVoice({
    program: name,
    config,
    log: pod.log,
    host: process.env['POD_IP'] ?? '0.0.0.0',
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    terminationPath: process.env['NECO_TERMINATION_FILE'],
    // The work hangs, so it cannot be asked to end.
    late({ reason, message }) {
      pod.log.error({ reason }, message)
      const leave = (): never => process.exit(EXIT_CODES[reason])
      pod.end(failureWords(reason, message)).then(leave, leave)
    },
  })
}

/**
 * Runs a pod program in this process: reads --config, does its work, writes its last words to the file that
 * NECO_TERMINATION_FILE names, and sets the exit code. With NECO_PARENT_WATCH=stdin it ends when stdin does.
 */
export async function runPod(program: PodProgram): Promise<void> {
  const isWatched = process.env['NECO_PARENT_WATCH'] === 'stdin'
  const signal = stopSignal({ process, ...(isWatched ? { parentPipe: process.stdin } : {}) })
  const terminationPath = process.env['NECO_TERMINATION_FILE']
  const end = async (words: TerminationMessage): Promise<void> => {
    if (terminationPath !== undefined) await writeTermination(terminationPath, words)
  }
  const log = pino({ base: null })
  process.exitCode = EXIT_CODES[await runProgram(program, { log, signal, end })]
  // The pipe that the parent holds must not keep a finished pod alive.
  if (isWatched) process.stdin.unref()
}
