import type { SharedHeap } from './shared-heap.ts'
import type { Dispatch, WorkerPool } from './worker-pool.ts'

/** How the wasm backend holds a tensor: float32 elements at an address of the shared memory. */
export interface WasmArray {
  readonly shape: readonly number[]
  readonly pointer: number
}

export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

/** What kernels need from the machine: arrays, constants for one call, and the pool. */
export class KernelHost {
  readonly heap: SharedHeap
  readonly #pool: WorkerPool

  constructor(heap: SharedHeap, pool: WorkerPool) {
    this.heap = heap
    this.#pool = pool
  }

  /** An array with undefined elements. */
  allocate(shape: readonly number[]): WasmArray {
    return { shape, pointer: this.heap.allocate(countElements(shape) * 4) }
  }

  view({ shape, pointer }: WasmArray): Float32Array {
    return this.heap.floats(pointer, countElements(shape))
  }

  run(kernel: string, dispatch: Dispatch): void {
    this.#pool.run(kernel, dispatch)
  }

  /** An element by element kernel: items are groups of four. */
  runElements(kernel: string, size: number, parameters: readonly number[]): void {
    const items = Math.ceil(size / 4)
    this.#pool.run(kernel, { arguments: parameters, items, operations: size * 4 })
  }

  /** Copies constants into the memory for the length of one call. */
  withConstants<Result>(
    constants: readonly (Int32Array | Float64Array)[],
    use: (pointers: readonly number[]) => Result,
  ): Result {
    const pointers = constants.map((values) => this.#upload(values))
    try {
      return use(pointers)
    } finally {
      for (const pointer of pointers) this.heap.free(pointer)
    }
  }

  /** Int32 stays; float64 becomes float32, as all numbers of this backend. */
  #upload(values: Int32Array | Float64Array): number {
    const pointer = this.heap.allocate(values.length * 4)
    const target =
      values instanceof Int32Array
        ? new Int32Array(this.heap.memory.buffer, pointer, values.length)
        : this.heap.floats(pointer, values.length)
    target.set(values)
    return pointer
  }
}

export function toPointer(array: WasmArray | undefined): number {
  return array?.pointer ?? 0
}

/** Extents of [rows, columns] when all leading axes are taken as rows. */
export function toMatrixShape({ shape }: WasmArray): { rows: number; columns: number } {
  const columns = shape.at(-1) ?? 1
  return { rows: columns === 0 ? 0 : countElements(shape) / columns, columns }
}
