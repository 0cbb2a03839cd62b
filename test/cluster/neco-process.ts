import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface NecoAnswer {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Options {
  readonly cwd: string
  readonly environment?: Readonly<Record<string, string>>
  /** Called with all that was printed so far, whenever there is more; interrupt sends one SIGINT. */
  readonly printed?: (stdout: string, interrupt: () => void) => void
  /** One SIGINT is sent when it resolves; a rejection is that of the call. */
  readonly interruptAfter?: Promise<unknown>
}

const NECO = join(import.meta.dirname, '..', '..', 'cli', 'main.ts')
export const KUBECTL_NECO = join(import.meta.dirname, '..', '..', 'cli', 'kubectl-neco', 'main.ts')

/** Calls a program as a person would, and waits for its end. */
export function call(
  program: string,
  words: readonly string[],
  { cwd, environment = {}, printed, interruptAfter }: Options,
): Promise<NecoAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<NecoAnswer>()
  const child = spawn(program, [...words], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  let isInterrupted = false
  const interrupt = (): void => {
    if (!isInterrupted) child.kill('SIGINT')
    isInterrupted = true
  }
  interruptAfter?.then(interrupt, reject)
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said.stdout += part
    printed?.(said.stdout, interrupt)
  })
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said.stderr += part
  })
  child.once('error', reject)
  child.once('close', (exitCode) => resolve({ ...said, exitCode }))
  return promise
}

/** `neco …` */
export const neco = (words: readonly string[], options: Options): Promise<NecoAnswer> =>
  call(process.execPath, [NECO, ...words], options)
