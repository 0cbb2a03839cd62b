import { Worker } from 'node:worker_threads'
import type { TerminationMessage } from '../contract/run-report.ts'

export interface HangWatchdogOptions {
  /** Where the termination message goes; undefined where nobody reads it. */
  readonly terminationPath: string | undefined
}

/**
 * Ends this process from a thread of its own when the main thread hangs: a step that never returns
 * holds every timer of the main thread.
 */
export interface HangWatchdog {
  /**
   * The main thread lives; it hangs when it does not report so again within this time (ms), with
   * this termination message.
   */
  feed(limitMs: number | undefined, terminationMessage: TerminationMessage): void
  close(): Promise<void>
}

/** What the thread is started with: two numbers that both threads see, and where the words go. */
export interface HangWatchdogData {
  /** How often the main thread reported that it lives, and the limit in ms or 0. */
  readonly shared: Int32Array
  readonly terminationPath: string | undefined
}

/**
 * Starts the thread. A hang ends the process by SIGKILL, since a thread cannot choose the exit
 * code: the termination message says why.
 */
export function startHangWatchdog({ terminationPath }: HangWatchdogOptions): HangWatchdog {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const workerData: HangWatchdogData = { shared, terminationPath }
  const worker = new Worker(new URL('./hang-watchdog-thread.ts', import.meta.url), { workerData })
  worker.unref()
  let lastSent: string | undefined
  return {
    feed(limitMs, terminationMessage) {
      const text = JSON.stringify(terminationMessage)
      if (text !== lastSent) worker.postMessage(text)
      lastSent = text
      Atomics.store(shared, 1, limitMs ?? 0)
      Atomics.add(shared, 0, 1)
      Atomics.notify(shared, 0)
    },
    async close() {
      await worker.terminate()
    },
  }
}
