import { parseArgs } from 'node:util'
import pino, { type Logger } from 'pino'
import { EXIT_CODES, type ExitReason, type NamedFailure } from '../contract/exit-codes.ts'
import type { RunConfig } from '../contract/run-config.ts'
import type { TerminationMessage } from '../contract/run-report.ts'
import { classifyFailure } from './classify-failure.ts'
import { PodFailure } from './pod-failure.ts'
import { openPodReporter, type PodReporter } from './pod-reporter.ts'
import { readRunConfig } from './read-run-config.ts'
import { createStopSignal } from './stop-signal.ts'
import { buildFailureTermination, writeTermination } from './termination-message.ts'

export interface PodContext {
  readonly log: Logger
  /** Aborted when the pod is asked to end; it then has its grace time. */
  readonly signal: AbortSignal
  /** What it reports, and what is requested of it. */
  readonly reporter: PodReporter
}

/** A program of a pod: its task, and what its own failures are called. */
export interface PodProgram {
  readonly name: 'trainer' | 'evaluator'
  /** Resolves with the termination message; its reason is Succeeded or Interrupted. */
  readonly run: (config: RunConfig, tools: PodContext) => Promise<TerminationMessage>
  readonly classifyFailure: (error: unknown) => NamedFailure | undefined
}

function readConfigPath(name: PodProgram['name']): string {
  const { values } = parseArgs({ options: { config: { type: 'string' } } })
  if (values.config !== undefined) return values.config
  throw new PodFailure(`--config FILE is missing: the run-config.json of this ${name}`, {
    code: 'RunConfigMissing',
    reason: 'UserError',
  })
}

/** The end must come within the grace time, even where storage hangs. */
function exitAfterGrace(signal: AbortSignal, graceSeconds: number): void {
  signal.addEventListener('abort', () => {
    setTimeout(() => process.exit(EXIT_CODES.Interrupted), graceSeconds * 1000).unref()
  })
}

interface PodProcess {
  readonly log: Logger
  readonly signal: AbortSignal
  /** Writes the termination message, where somebody reads it. */
  readonly end: (termination: TerminationMessage) => Promise<void>
}

async function runProgram(program: PodProgram, pod: PodProcess): Promise<ExitReason> {
  const { log, end } = pod
  let reporter: PodReporter | undefined
  try {
    const config = await readRunConfig(readConfigPath(program.name), process.env)
    reporter = await openProgramReporter(program, config, pod)
    const { signal } = pod
    exitAfterGrace(signal, config.execution.gracePeriodSeconds)
    const termination = await program.run(config, { log, signal, reporter })
    await end(termination)
    const { metrics, reused, step, reason } = termination
    log.info({ metrics, reused, step }, termination.message)
    return reason === 'Interrupted' ? 'Interrupted' : 'Succeeded'
  } catch (error) {
    const { reason, code } = classifyFailure(error, program.classifyFailure)
    const message = error instanceof Error ? error.message : String(error)
    log.error({ err: error, reason, code }, message)
    await end(buildFailureTermination(code, message))
    return reason
  } finally {
    // After the termination message, which a kill meanwhile must not cost.
    await reporter?.close()
  }
}

function openProgramReporter(
  { name }: PodProgram,
  config: RunConfig,
  pod: PodProcess,
): Promise<PodReporter> {
  return openPodReporter({
    program: name,
    config,
    log: pod.log,
    host: process.env['POD_IP'] ?? '0.0.0.0',
    now: () => new Date(),
    monotonicMs: () => performance.now(),
    terminationPath: process.env['NECO_TERMINATION_FILE'],
    // The work hangs, so it cannot be asked to end.
    onStall({ reason, message }) {
      pod.log.error({ reason }, message)
      const exit = (): never => process.exit(EXIT_CODES[reason])
      pod.end(buildFailureTermination(reason, message)).then(exit, exit)
    },
  })
}

/**
 * Runs a pod program in this process: reads --config, does its task, writes its termination message
 * to the file that NECO_TERMINATION_FILE names, and sets the exit code. With
 * NECO_PARENT_WATCH=stdin it ends when stdin does.
 */
export async function runPod(program: PodProgram): Promise<void> {
  const isWatched = process.env['NECO_PARENT_WATCH'] === 'stdin'
  const signal = createStopSignal({ process, ...(isWatched ? { parentPipe: process.stdin } : {}) })
  const terminationPath = process.env['NECO_TERMINATION_FILE']
  const end = async (termination: TerminationMessage): Promise<void> => {
    if (terminationPath !== undefined) await writeTermination(terminationPath, termination)
  }
  const log = pino({ base: null })
  process.exitCode = EXIT_CODES[await runProgram(program, { log, signal, end })]
  // The pipe that the parent holds must not keep a finished pod alive.
  if (isWatched) process.stdin.unref()
}
