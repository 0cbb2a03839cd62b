/**
 * The page through which the threads of a pool speak: int32 words at its start,
 * then the arguments of the kernel, then the text of an error.
 */
const CONTROL_START = 65_536
export const ARGUMENTS_START = CONTROL_START + 256
const ERROR_START = CONTROL_START + 2048

const CONTROL_WORDS = 64
const MAXIMUM_ARGUMENTS = 200
const ERROR_BYTES = 4096

/** What each word of the control block says. */
export const ControlWord = {
  /** Counts dispatches; workers sleep on it. */
  dispatch: 0,
  /** Workers that have finished the dispatch; the main thread sleeps on it. */
  finished: 1,
  /** Index of the kernel in the sorted list of names. */
  kernel: 2,
  items: 3,
  threads: 4,
  scratchStart: 5,
  scratchStride: 6,
  /** Length in bytes of the text at ERROR_START; 0 without an error. */
  errorLength: 7,
} as const

export interface ControlBlock {
  readonly words: Int32Array
  readonly arguments: Float64Array
  readonly error: Uint8Array
}

export function mapControlBlock(memory: WebAssembly.Memory): ControlBlock {
  const { buffer } = memory
  return {
    words: new Int32Array(buffer, CONTROL_START, CONTROL_WORDS),
    arguments: new Float64Array(buffer, ARGUMENTS_START, MAXIMUM_ARGUMENTS),
    error: new Uint8Array(buffer, ERROR_START, ERROR_BYTES),
  }
}

/** The items of one thread: equal shares, in order. Part of the backend identity. */
export function computeThreadRange(
  items: number,
  thread: number,
  threads: number,
): { readonly begin: number; readonly end: number } {
  return {
    begin: Math.floor((items * thread) / threads),
    end: Math.floor((items * (thread + 1)) / threads),
  }
}

/** Raise this when shareOf or the way kernels are split changes. */
export const SPLIT_VERSION = 1

/** Names have no order of their own between threads, so all sort them. */
export function sortKernelNames(kernels: ReadonlyMap<string, unknown>): readonly string[] {
  return [...kernels.keys()].sort()
}
