import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export interface ReadyMessage {
  /** null: not a number. */
  readonly loss: number | null
  readonly versions: string
}

export interface PeakMemory {
  /** Peak resident memory above that after the imports. */
  readonly peak_bytes: number
  readonly scratch_bytes?: number
}

/** A child process that prepares one benchmark case and runs it once for each line on stdin. */
export class TimedProcess {
  readonly ready: ReadyMessage
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>

  private constructor(
    ready: ReadyMessage,
    child: ChildProcessByStdio<Writable, Readable, null>,
    lines: AsyncIterator<string>,
  ) {
    this.ready = ready
    this.#child = child
    this.#lines = lines
  }

  /** Resolves when the child has warmed up. */
  static async start(command: string, parameters: readonly string[]): Promise<TimedProcess> {
    const child = spawn(command, parameters, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' },
    })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const ready = JSON.parse(await nextLine(lines, command)) as ReadyMessage
    return new TimedProcess(ready, child, lines)
  }

  /** Milliseconds of one run. */
  async run(): Promise<number> {
    this.#child.stdin.write('run\n')
    return (JSON.parse(await nextLine(this.#lines, 'the benchmark case')) as { ms: number }).ms
  }

  async close(): Promise<PeakMemory> {
    this.#child.stdin.end()
    return JSON.parse(await nextLine(this.#lines, 'the benchmark case')) as PeakMemory
  }
}

async function nextLine(lines: AsyncIterator<string>, processName: string): Promise<string> {
  const { value, done } = await lines.next()
  if (done === true) throw new Error(`${processName} ended without an answer; see its error above`)
  return value
}
