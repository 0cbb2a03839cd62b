import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface NecoProcessResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

interface NecoProcessOptions {
  readonly cwd: string
  readonly environment?: Readonly<Record<string, string>>
  /** Called with the whole output so far at every new chunk; `interrupt` sends one SIGINT. */
  readonly onStdout?: (stdout: string, interrupt: () => void) => void
  /** One SIGINT is sent when it resolves; the call rejects when it rejects. */
  readonly interruptAfter?: Promise<unknown>
}

const NECO = join(import.meta.dirname, '..', '..', '..', 'cli', 'main.ts')
export const KUBECTL_NECO = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'cli',
  'kubectl-neco',
  'main.ts',
)

/** Runs a program as a user would, and waits for its end. */
export function runCliProcess(
  program: string,
  args: readonly string[],
  { cwd, environment = {}, onStdout, interruptAfter }: NecoProcessOptions,
): Promise<NecoProcessResult> {
  const { promise, resolve, reject } = Promise.withResolvers<NecoProcessResult>()
  const child = spawn(program, [...args], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  let isInterrupted = false
  const interrupt = (): void => {
    if (!isInterrupted) child.kill('SIGINT')
    isInterrupted = true
  }
  interruptAfter?.then(interrupt, reject)
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output.stdout += part
    onStdout?.(output.stdout, interrupt)
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    output.stderr += part
  })
  child.once('error', reject)
  child.once('close', (exitCode) => resolve({ ...output, exitCode }))
  return promise
}

/** `neco …` */
export const runNeco = (
  args: readonly string[],
  options: NecoProcessOptions,
): Promise<NecoProcessResult> => runCliProcess(process.execPath, [NECO, ...args], options)
