import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { BackendError } from '../backend-error.ts'
import {
  ARGUMENTS_START,
  type ControlBlock,
  ControlWord,
  computeThreadRange,
  mapControlBlock,
  sortKernelNames,
} from './control-block.ts'
import { instantiateKernels, type KernelFunctions, type KernelModules } from './kernel-modules.ts'
import type { SharedHeap } from './shared-heap.ts'

export interface PoolOptions {
  readonly heap: SharedHeap
  readonly kernels: KernelModules
  /** This thread included. */
  readonly threads: number
  /** How long a dispatch may take before its workers are taken for dead. */
  readonly timeoutMs?: number
  /** The program of a worker; another one in tests. */
  readonly workerProgram?: URL
}

export interface Dispatch {
  readonly arguments: readonly number[]
  readonly items: number
  /** Rough count of elementary operations: small work stays on this thread. */
  readonly operations: number
  readonly scratchBytes?: number
}

const MIN_PARALLEL_OPERATIONS = 100_000
const INITIAL_SCRATCH = 1 << 20
const SPINS = 2000
const DEFAULT_TIMEOUT_MS = 120_000

/**
 * Runs kernels on this thread and its workers. Calls are synchronous: the
 * threads meet on shared memory. Work is split over outputs only, so the
 * results do not depend on the number of threads.
 */
export class WorkerPool {
  readonly #heap: SharedHeap
  readonly #control: ControlBlock
  readonly #kernels: KernelFunctions
  readonly #indices: ReadonlyMap<string, number>
  readonly #workers: readonly Worker[]
  readonly #timeoutMs: number
  #scratch: { start: number; stride: number }
  #failure: BackendError | undefined

  private constructor(options: PoolOptions, workers: readonly Worker[]) {
    this.#heap = options.heap
    this.#control = mapControlBlock(options.heap.memory)
    this.#kernels = instantiateKernels(options.kernels.modules, options.heap.memory)
    this.#indices = new Map(sortKernelNames(this.#kernels).map((name, index) => [name, index]))
    this.#workers = workers
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#scratch = this.#allocateScratch(INITIAL_SCRATCH)
    for (const worker of workers) {
      worker.on('error', (cause) => this.#fail('a kernel worker failed', cause))
      worker.on('exit', (code) => this.#fail(`a kernel worker ended with code ${code}`))
      worker.unref()
    }
  }

  static async start(options: PoolOptions): Promise<WorkerPool> {
    const program = options.workerProgram ?? new URL('./kernel-worker.ts', import.meta.url)
    const workers = Array.from({ length: options.threads - 1 }, (_, i) => {
      const { memory } = options.heap
      const workerData = { memory, modules: options.kernels.modules, thread: i + 1 }
      return new Worker(program, { workerData })
    })
    await Promise.all(workers.map(waitUntilReady))
    return new WorkerPool(options, workers)
  }

  get threads(): number {
    return this.#workers.length + 1
  }

  has(kernel: string): boolean {
    return this.#kernels.has(kernel)
  }

  /** Runs a kernel over all its items; throws KernelWorkerFailed when a worker has died. */
  run(name: string, dispatch: Dispatch): void {
    if (this.#failure) throw this.#failure
    const kernel = this.#kernels.get(name)
    if (!kernel) throw new Error(`there is no kernel ${name}`)
    this.#control.arguments.set(dispatch.arguments)
    const needed = dispatch.scratchBytes ?? 0
    if (needed > this.#scratch.stride) this.#growScratch(needed)
    const { start } = this.#scratch
    if (
      this.#workers.length === 0 ||
      dispatch.operations < MIN_PARALLEL_OPERATIONS ||
      dispatch.items < 2
    ) {
      kernel(ARGUMENTS_START, 0, dispatch.items, start)
      return
    }
    this.#wakeWorkers(name, dispatch.items)
    const own = computeThreadRange(dispatch.items, 0, this.threads)
    if (own.end > own.begin) kernel(ARGUMENTS_START, own.begin, own.end, start)
    this.#awaitWorkers(name)
  }

  async close(): Promise<void> {
    for (const worker of this.#workers) worker.removeAllListeners()
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
    this.#failure = new BackendError('KernelWorkerFailed', 'the kernel pool is closed')
  }

  #wakeWorkers(name: string, items: number): void {
    const { words } = this.#control
    Atomics.store(words, ControlWord.finished, 0)
    Atomics.store(words, ControlWord.kernel, this.#indices.get(name) ?? -1)
    Atomics.store(words, ControlWord.items, items)
    Atomics.store(words, ControlWord.threads, this.threads)
    Atomics.store(words, ControlWord.scratchStart, this.#scratch.start)
    Atomics.store(words, ControlWord.scratchStride, this.#scratch.stride)
    Atomics.store(words, ControlWord.errorLength, 0)
    Atomics.add(words, ControlWord.dispatch, 1)
    Atomics.notify(words, ControlWord.dispatch)
  }

  #awaitWorkers(name: string): void {
    const { words } = this.#control
    const wanted = this.#workers.length
    for (let spin = 0; spin < SPINS && Atomics.load(words, ControlWord.finished) < wanted; spin++);
    let finished = Atomics.load(words, ControlWord.finished)
    while (finished < wanted) {
      const woken = Atomics.wait(words, ControlWord.finished, finished, this.#timeoutMs)
      finished = Atomics.load(words, ControlWord.finished)
      if (woken === 'timed-out' && finished < wanted) {
        const missing = `${wanted - finished} of ${wanted} kernel workers`
        throw this.#fail(`${missing} did not finish ${name} in ${this.#timeoutMs} ms`)
      }
    }
    this.#throwReported(name)
  }

  #throwReported(name: string): void {
    const length = Atomics.load(this.#control.words, ControlWord.errorLength)
    if (length === 0) return
    const text = new TextDecoder().decode(this.#control.error.slice(0, length))
    throw new BackendError('KernelWorkerFailed', `${name} failed in ${text}`)
  }

  #fail(message: string, cause?: unknown): BackendError {
    const hint = 'the results of this process can no longer be trusted: start it again'
    this.#failure ??= new BackendError('KernelWorkerFailed', `${message}; ${hint}`, { cause })
    return this.#failure
  }

  #growScratch(bytes: number): void {
    this.#heap.free(this.#scratch.start)
    this.#scratch = this.#allocateScratch(Math.ceil(bytes / 65_536) * 65_536)
  }

  #allocateScratch(stride: number): { start: number; stride: number } {
    return { start: this.#heap.allocate(stride * (this.#workers.length + 1)), stride }
  }
}

async function waitUntilReady(worker: Worker): Promise<void> {
  const ended = once(worker, 'exit').then(([code]) => {
    const message = `a kernel worker ended with code ${code} at its start`
    throw new BackendError('KernelWorkerFailed', message)
  })
  // After the start the pool listens itself; this promise then has no reader.
  ended.catch(() => {})
  await Promise.race([once(worker, 'message'), ended])
}
