import { BackendError } from '../backend-error.ts'

const PAGE = 65_536
const MAXIMUM_PAGES = 65_536
const INITIAL_PAGES = 256
/** The first page holds static data of the modules, the second the control block of the pool. */
const HEAP_START = 2 * PAGE
const ALIGNMENT = 64

/**
 * One shared WebAssembly.Memory and its free lists. Blocks come in size classes
 * and go back to the list of their class, so a training step that repeats its
 * shapes takes no new memory after the first.
 */
export class SharedHeap {
  readonly memory: WebAssembly.Memory
  readonly #free = new Map<number, number[]>()
  readonly #held = new Map<number, number>()
  #top = HEAP_START

  constructor() {
    this.memory = createMemory()
  }

  /** Address of a block of at least this many bytes, at a multiple of 64. */
  allocate(bytes: number): number {
    const size = sizeClass(bytes)
    const pointer = this.#free.get(size)?.pop() ?? this.#extend(size)
    this.#held.set(pointer, size)
    return pointer
  }

  free(pointer: number): void {
    const size = this.#held.get(pointer)
    if (size === undefined) throw new Error(`no block is held at ${pointer}`)
    this.#held.delete(pointer)
    const list = this.#free.get(size)
    if (list) list.push(pointer)
    else this.#free.set(size, [pointer])
  }

  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, pointer, length)
  }

  doubles(pointer: number, length: number): Float64Array {
    return new Float64Array(this.memory.buffer, pointer, length)
  }

  bytesAt(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, length)
  }

  /** Length of the whole memory. */
  get bytes(): number {
    return this.memory.buffer.byteLength
  }

  #extend(size: number): number {
    const pointer = this.#top
    const missing = pointer + size - this.bytes
    if (missing > 0) this.#grow(Math.ceil(missing / PAGE))
    this.#top += size
    return pointer
  }

  #grow(neededPages: number): void {
    const held = this.bytes / PAGE
    const generous = Math.min(Math.max(neededPages, held >> 3), MAXIMUM_PAGES - held)
    try {
      this.memory.grow(Math.max(neededPages, generous))
    } catch (cause) {
      const gibibytes = ((held + neededPages) / 16_384).toFixed(2)
      throw new BackendError(
        'TensorMemoryExhausted',
        `tensors need ${gibibytes} GiB, more than WebAssembly can give here (at most 4): make the batch or the images smaller`,
        { cause },
      )
    }
  }
}

/** 64-byte steps for small blocks, then eight classes for each doubling. */
export function sizeClass(bytes: number): number {
  const needed = Math.max(bytes, ALIGNMENT)
  if (needed <= 1024) return Math.ceil(needed / ALIGNMENT) * ALIGNMENT
  const step = 2 ** (Math.ceil(Math.log2(needed)) - 4)
  return Math.ceil(needed / Math.max(step, ALIGNMENT)) * Math.max(step, ALIGNMENT)
}

/** Asks for the largest ceiling the system allows; only address space is reserved. */
function createMemory(): WebAssembly.Memory {
  for (const maximum of [MAXIMUM_PAGES, MAXIMUM_PAGES / 2, MAXIMUM_PAGES / 4]) {
    try {
      return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum, shared: true })
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause
    }
  }
  throw new BackendError(
    'BackendUnavailable',
    'no shared WebAssembly memory of 1 GiB can be reserved: raise the limit of address space',
  )
}
