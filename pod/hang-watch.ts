import { Worker } from 'node:worker_threads'
import type { TerminationMessage } from '../crds/run-report.ts'

export interface HangWatchOptions {
  /** Where the last words go; undefined where nobody reads them. */
  readonly terminationPath: string | undefined
}

/** Ends this process from a thread of its own when the main thread hangs: a step that never returns holds every timer of the main thread. */
export interface HangWatch {
  /** The main thread lives; it hangs when it does not say so again within this time (ms), with these last words. */
  alive(limitMs: number | undefined, lastWords: TerminationMessage): void
  close(): Promise<void>
}

/** What the thread is started with: two numbers that both threads see, and where the words go. */
export interface HangWatchData {
  /** How often the main thread said that it lives, and the limit in ms or 0. */
  readonly shared: Int32Array
  readonly terminationPath: string | undefined
}

/** Starts the thread. A hang ends the process by SIGKILL, since a thread cannot choose the exit code: the last words say why. */
export function watchHang({ terminationPath }: HangWatchOptions): HangWatch {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const workerData: HangWatchData = { shared, terminationPath }
  const worker = new Worker(new URL('./hang-watch-thread.ts', import.meta.url), { workerData })
  worker.unref()
  let said: string | undefined
  return {
    alive(limitMs, lastWords) {
      const text = JSON.stringify(lastWords)
      if (text !== said) worker.postMessage(text)
      said = text
      Atomics.store(shared, 1, limitMs ?? 0)
      Atomics.add(shared, 0, 1)
      Atomics.notify(shared, 0)
    },
    async close() {
      await worker.terminate()
    },
  }
}
