import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Clock } from '../../../std/clock.ts'
import { containerScript, EXEC_SCRIPT, rewritePaths } from './container-script.ts'
import {
  type ContainerEnd,
  type ContainerStart,
  ContainerStartError,
  type Executor,
  type RunningContainer,
} from './executor.ts'
import { IN_NAMESPACES, type Isolation } from './isolation.ts'
import { readTerminationMessage } from './termination-message.ts'

interface ProcessPorts {
  readonly isolation: Isolation
  readonly clock: Clock
  /** The Node binary that containers get. */
  readonly nodePath: string
}

/** What the script writes to descriptor 3 just before the command. */
const STARTED = 'started'
/** The kernel kills what this starts when the thread that started it dies, whatever it dies of. */
const DIES_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--']
const DEFAULT_MESSAGE_PATH = '/dev/termination-log'

/**
 * Runs every container as a process of this machine, in namespaces of its own where the machine
 * allows it. Whatever it starts dies with the thread that started it.
 */
export const processExecutor = (ports: ProcessPorts): Executor => ({
  readsFiles: true,
  start: (start) => startContainer(start, ports),
})

interface Launch {
  readonly args: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

async function startContainer(
  start: ContainerStart,
  ports: ProcessPorts,
): Promise<RunningContainer> {
  const messagePath = join(start.folder, 'termination-message')
  await writeFile(messagePath, '')
  await chmod(messagePath, 0o666)
  const target = start.container.terminationMessagePath ?? DEFAULT_MESSAGE_PATH
  const mounts = [...start.mounts, { source: messagePath, target, readOnly: false }]
  const launch = await planLaunch({ ...start, mounts }, ports)
  const child = await spawnLogged(launch, start.logPath)
  const ended = waitForExitCode(child).then(async (exitCode): Promise<ContainerEnd> => {
    const { container, logPath } = start
    const args = { container, exitCode, messagePath, logPath }
    return { exitCode, terminationMessage: await readTerminationMessage(args) }
  })
  const startReport = await firstWord(child.stdio[3] as Readable)
  if (startReport !== STARTED) {
    await ended
    throw new ContainerStartError(startReport)
  }
  const { isolation, clock } = ports
  return {
    ended,
    stop: createStop({ child, ended, isolation, clock }),
    execute: (command, timeoutMs) => execute({ child, isolation, launch }, command, timeoutMs),
  }
}

async function planLaunch(start: ContainerStart, ports: ProcessPorts): Promise<Launch> {
  const { isolation, nodePath } = ports
  if (isolation === 'Rewritten') return rewrittenLaunch(start, nodePath)
  const folder = join(start.folder, 'tree')
  await mkdir(folder)
  const own = start.container.securityContext
  const ofPod = start.pod.spec.securityContext
  const script = containerScript({
    start,
    folder,
    nodePath,
    user: own?.runAsUser ?? ofPod?.runAsUser,
    group: own?.runAsGroup ?? ofPod?.runAsGroup,
    moreGroups: [ofPod?.fsGroup ?? [], ofPod?.supplementalGroups ?? []].flat(),
    readOnlyRoot: own?.readOnlyRootFilesystem ?? false,
  })
  const args = [...IN_NAMESPACES, 'sh', '-c', script]
  return { args, environment: start.environment }
}

function rewrittenLaunch(start: ContainerStart, nodePath: string): Launch {
  const rewrite = (text: string) => rewritePaths(text, start.mounts)
  const environment = Object.fromEntries(
    Object.entries(start.environment).map(([name, value]) => [name, rewrite(value)]),
  )
  const args = [EXEC_SCRIPT, 'sh', rewrite(start.workingDir), ...start.command.map(rewrite)]
  const path = `${dirname(nodePath)}:${environment['PATH'] ?? ''}`
  return { args: ['/bin/sh', '-c', ...args], environment: { ...environment, PATH: path } }
}

/**
 * Starts it in a process group of its own. It writes to descriptor 3 that it has started, or why
 * not.
 */
async function spawnLogged(launch: Launch, logPath: string): Promise<ChildProcess> {
  const log = await open(logPath, 'a')
  try {
    const [program = '', ...args] = [...DIES_WITH_US, ...launch.args]
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', log.fd, log.fd, 'pipe'],
      env: { ...launch.environment },
    })
    await once(child, 'spawn')
    return child
  } catch (error) {
    throw new ContainerStartError(`a process cannot be started: ${String(error)}`)
  } finally {
    await log.close()
  }
}

const waitForExitCode = (child: ChildProcess): Promise<number> =>
  new Promise((resolve) => {
    child.once('exit', (exitCode, signal) =>
      resolve(exitCode ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
  })

/** Reads descriptor 3: that the container has started, or everything until its end. */
async function firstWord(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.trim() === STARTED) break
  }
  return text.trim()
}

interface StopContext {
  readonly child: ChildProcess
  readonly ended: Promise<ContainerEnd>
  readonly isolation: Isolation
  readonly clock: Clock
}

function createStop({ child, ended, isolation, clock }: StopContext): (graceMs: number) => void {
  let cancel: (() => void) | undefined
  let killAtMs = Number.POSITIVE_INFINITY
  ended.finally(() => cancel?.()).catch(() => undefined)
  return (graceMs) => {
    const first = cancel === undefined
    const atMs = clock.nowMs() + graceMs
    if (atMs >= killAtMs || child.exitCode !== null || child.signalCode !== null) return
    killAtMs = atMs
    cancel?.()
    cancel = clock.after(graceMs, () => signalGroup(child.pid, 'SIGKILL'))
    if (first) void signalFirst(child, isolation)
  }
}

/** A runtime signals the first process of a container and no other. */
async function signalFirst(child: ChildProcess, isolation: Isolation): Promise<void> {
  if (isolation === 'Rewritten') return signalGroup(child.pid, 'SIGTERM')
  const first = await firstProcess(child)
  if (first !== undefined) sendSignal(first, 'SIGTERM')
}

/** The process that has number 1 inside: the only child of `unshare`. */
async function firstProcess({ pid = 0 }: ChildProcess): Promise<number | undefined> {
  try {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    const first = Number.parseInt(children, 10)
    return Number.isNaN(first) ? undefined : first
  } catch {
    return undefined
  }
}

const signalGroup = (pid: number | undefined, signal: NodeJS.Signals): void => {
  if (pid !== undefined) sendSignal(-pid, signal)
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

interface ExecContext {
  readonly child: ChildProcess
  readonly isolation: Isolation
  readonly launch: Launch
}

async function execute(
  { child, isolation, launch }: ExecContext,
  command: readonly string[],
  timeoutMs: number,
): Promise<number> {
  const first = await firstProcess(child)
  const enter =
    isolation === 'Rewritten'
      ? []
      : ['nsenter', '--target', String(first), '--all', '--root', '--wd', '--']
  const [program = 'false', ...args] = [...enter, ...command]
  const run = spawn(program, args, {
    stdio: 'ignore',
    env: { ...launch.environment },
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  return new Promise((resolve) => {
    run.once('error', () => resolve(127))
    run.once('exit', (code) => resolve(code ?? 137))
  })
}
