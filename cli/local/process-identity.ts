import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** A pid may be reused later; with its start time it identifies one process. */
export interface ProcessIdentity {
  readonly pid: number
  /** Start time in a form of this operating system; equal for the same process only. */
  readonly started: string
}

const run = promisify(execFile)

/**
 * Linux: ticks since boot, with the id of the boot. The name in field 2 may hold spaces and
 * brackets.
 */
async function readLinuxStartTime(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, ticks] = [afterName[0], afterName[19]]
  if (state === 'Z' || ticks === undefined) throw new Error(`process ${pid} has ended`)
  return `${boot.trim()} ${ticks}`
}

async function readPsStartTime(pid: number): Promise<string> {
  const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)])
  return stdout.trim()
}

/** The identity of the live process with this pid; undefined when there is none. */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const started = await (process.platform === 'linux'
      ? readLinuxStartTime(pid)
      : readPsStartTime(pid))
    return { pid, started }
  } catch {
    return undefined
  }
}

/** Whether the same process is still alive, not a later one with its pid. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  const found = await identifyProcess(identity.pid)
  return found?.started === identity.started
}
