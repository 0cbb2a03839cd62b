import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ProcessExit, startProcess } from '../../../cli/local/child-process.ts'
import { findOnPath } from './find-on-path.ts'
import type { TestbedFolder } from './testbed-folder.ts'

/** A program of the testbed. It dies with this process, however that ends. */
export interface TestbedProcess {
  readonly name: string
  readonly pid: number
  readonly logPath: string
  readonly ended: Promise<ProcessExit>
  /** Signals it and what it started, as for an outage (SIGSTOP, SIGCONT, SIGKILL). */
  readonly signal: (signal: NodeJS.Signals) => void
  /** SIGTERM, after the grace time SIGKILL; resolves when it is gone. */
  readonly end: (graceMs: number) => Promise<ProcessExit>
}

interface TestbedProcessOptions {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** The environment that programs of the testbed inherit. */
const buildProcessEnvironment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: process.env['HOME'] ?? '/nonexistent',
})

/** Starts a program that ends when this process ends, its output in `<testbed>/<name>.log`. */
export async function startTestbedProcess(
  folder: TestbedFolder,
  start: TestbedProcessOptions,
): Promise<TestbedProcess> {
  const logPath = join(folder.path, `${start.name}.log`)
  const [command, ...args] = await wrapToDieWithParent([start.command, ...start.args])
  const started = await startProcess({
    command,
    args: args,
    environment: { ...buildProcessEnvironment(), ...start.environment },
    logPath,
  })
  await folder.recordProcess(started.identity)
  const { pid } = started.identity
  return {
    name: start.name,
    pid,
    logPath,
    ended: started.ended,
    signal: (signal) => void process.kill(-pid, signal),
    end: (graceMs) => started.terminate(graceMs),
  }
}

type CommandLine = readonly [string, ...string[]]

/**
 * PR_SET_PDEATHSIG where there is one, which keeps the pid. Else a shell that ends when its stdin
 * closes, as it does when this process dies.
 */
async function wrapToDieWithParent(args: CommandLine): Promise<CommandLine> {
  const setpriv = process.platform === 'linux' ? await findOnPath('setpriv') : undefined
  if (setpriv !== undefined) return [setpriv, '--pdeathsig', 'KILL', '--', ...args]
  return ['/bin/sh', '-c', WATCHER, 'watch', ...args]
}

/**
 * Runs its arguments until they end or stdin closes. SIGTERM goes to the whole group, so the shell
 * ignores it.
 */
const WATCHER = `
exec 3<&0
trap : TERM
"$@" </dev/null 3<&- &
child=$!
(trap - TERM; cat <&3 >/dev/null; kill -KILL $child 2>/dev/null) &
wait $child; code=$?
while kill -0 $child 2>/dev/null; do wait $child; code=$?; done
exit $code
`

const LAST_LINES = 15

/** The last output of a program, for the error when it did not start. */
async function readLastLogLines(logPath: string): Promise<string> {
  const text = await readFile(logPath, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n')
}

/** Rejects when a program ends while it is awaited; the message has its last output. */
export async function failIfEnded<T>(program: TestbedProcess, wait: Promise<T>): Promise<T> {
  const early = program.ended.then(async ({ exitCode, signal }) => {
    const end = signal ?? `exit code ${exitCode}`
    throw new Error(`${program.name} ended (${end}):\n${await readLastLogLines(program.logPath)}`)
  })
  return Promise.race([wait, early])
}
