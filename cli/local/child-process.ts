import { type ChildProcess, spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts'

/** How a process ended: its exit code, or the signal that ended it. */
export interface ProcessExit {
  readonly exitCode: number | undefined
  readonly signal: string | undefined
}

export interface StartedProcess {
  readonly identity: ProcessIdentity
  readonly ended: Promise<ProcessExit>
  /** Sends SIGTERM, and after the grace period SIGKILL to its whole process group. */
  readonly terminate: (graceMs: number) => Promise<ProcessExit>
}

interface ProcessOptions {
  readonly command: string
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly logPath: string
}

/** Signals the process group, so that child processes receive it as well. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause
  }
}

const waitForExit = (child: ChildProcess): Promise<ProcessExit> =>
  new Promise((resolve) => {
    child.once('exit', (exitCode, signal) =>
      resolve({ exitCode: exitCode ?? undefined, signal: signal ?? undefined }),
    )
  })

const startTimeout = (
  ms: number,
): { readonly elapsed: Promise<'Elapsed'>; readonly cancel: () => void } => {
  const { promise, resolve } = Promise.withResolvers<'Elapsed'>()
  const timer = setTimeout(() => resolve('Elapsed'), ms)
  return { elapsed: promise, cancel: () => clearTimeout(timer) }
}

/**
 * Starts a process in a group of its own, so that Ctrl-C in the terminal reaches only this one; its
 * output goes to a log file. Its stdin is a pipe that closes when this process dies: the sign to
 * end.
 */
export async function startProcess(start: ProcessOptions): Promise<StartedProcess> {
  const log = await open(start.logPath, 'a')
  try {
    const child = spawn(start.command, start.args, {
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
      env: { ...start.environment, NECO_PARENT_WATCH: 'stdin' },
    })
    const ended = waitForExit(child)
    const failed = new Promise<never>((_, reject) => {
      child.once('error', (cause) => reject(new Error(`cannot start ${start.command}`, { cause })))
    })
    const spawned = new Promise<void>((resolve) => {
      child.once('spawn', resolve)
    })
    await Promise.race([spawned, failed])
    failed.catch(() => undefined)
    child.stdin?.on('error', () => undefined)
    const pid = child.pid ?? 0
    const identity = (await identifyProcess(pid)) ?? { pid, started: 'ended at once' }
    return { identity, ended, terminate: (graceMs) => terminateProcess({ pid, ended }, graceMs) }
  } finally {
    await log.close()
  }
}

async function terminateProcess(
  { pid, ended }: { readonly pid: number; readonly ended: Promise<ProcessExit> },
  graceMs: number,
): Promise<ProcessExit> {
  signalGroup(pid, 'SIGTERM')
  const grace = startTimeout(graceMs)
  const first = await Promise.race([ended, grace.elapsed])
  grace.cancel()
  if (first === 'Elapsed') signalGroup(pid, 'SIGKILL')
  return ended
}

const POLL_INTERVAL_MS = 50

/** Ends a process that an earlier `neco` left behind, if it is still the same process. */
export async function terminateOrphanProcess(
  identity: ProcessIdentity,
  graceMs: number,
): Promise<void> {
  if (!(await isAlive(identity))) return
  signalGroup(identity.pid, 'SIGTERM')
  for (let waited = 0; waited < graceMs; waited += POLL_INTERVAL_MS) {
    if (!(await isAlive(identity))) return
    await startTimeout(POLL_INTERVAL_MS).elapsed
  }
  if (await isAlive(identity)) signalGroup(identity.pid, 'SIGKILL')
}
