import { readFileSync } from 'node:fs'
import {
  type SoftSortLayout,
  type SoftSortScratch,
  softSortArguments,
  softSortLayout,
  softSortScratch,
} from '../vision/backends/wasm/soft-sort-layout.ts'
import {
  keptRankRange,
  lossScale,
  type SoftSortOptions,
} from '../vision/sorting/soft-sort-options.ts'
import type { DiffsortCase } from './golden/diffsort-cases.ts'

// biome-ignore lint/complexity/useMaxParams: the calling convention of the compiled kernels
type Kernel = (args: number, begin: number, end: number, scratch: number) => void

export interface PreparedSoftSort {
  readonly layout: SoftSortLayout
  readonly scratch: SoftSortScratch
  /** Runs rows [begin, end). */
  run(begin: number, end: number): void
  read(): {
    readonly loss: number
    readonly studentGradient: Float32Array
  }
}

const relaxedProbe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0],
  ...[10, 15, 1, 13, 0, 65, 1, 253, 15, 65, 2, 253, 15, 253, 128, 2, 11],
])

/** The compiled soft sort alone, on a memory of its own: what tests and the bench call. */
export function loadSoftSort(variant: 'simd' | 'relaxed' = bestVariant()) {
  const module = compiled(variant)
  return (student: ArrayLike<number>, teacher: ArrayLike<number>, options: SoftSortOptions) =>
    prepare(module, { student, teacher, options })
}

/** The compiled sort without a loss, on one row after the other. */
export function loadSoftSortAlone(variant: 'simd' | 'relaxed') {
  const module = compiled(variant)
  return (of: DiffsortCase) => sortAlone(module, of)
}

function compiled(variant: 'simd' | 'relaxed'): WebAssembly.Module {
  const file = `../vision/backends/wasm/kernels/compiled/soft-sort.${variant}.wasm`
  return new WebAssembly.Module(readFileSync(new URL(file, import.meta.url)))
}

const FIRST_ADDRESS = 65_536

/** Hands out addresses one after the other. */
function addresses() {
  let next = FIRST_ADDRESS
  return {
    place: (bytes: number) => {
      const at = next
      next = Math.ceil((next + bytes) / 64) * 64
      return at
    },
    memory: () => {
      const initial = Math.ceil(next / 65_536)
      return new WebAssembly.Memory({ initial, maximum: 65_536, shared: true })
    },
  }
}

function sortAlone(module: WebAssembly.Module, of: DiffsortCase) {
  const { n, x } = of
  const layout = softSortLayout(of.network, n)
  const { place, memory: memoryOf } = addresses()
  const vector = x.length * 4
  const at = {
    ...{ x: place(vector), W: place(vector * n), v: place(vector) },
    ...{ ofPermutation: place(vector), ofSorted: place(vector), sorted: place(vector) },
    ...{ permutation: place(vector * n), table: place(layout.table.length), args: place(512) },
  }
  const { scratchBytes } = softSortScratch(layout)
  const scratchAt = place(scratchBytes)
  const memory = memoryOf()
  const floats = (begin: number, length: number) => new Float32Array(memory.buffer, begin, length)
  floats(at.x, x.length).set(x)
  floats(at.W, x.length * n).set(of.W)
  floats(at.v, x.length).set(of.v)
  new Uint8Array(memory.buffer, at.table).set(layout.table)
  const slots = softSortArguments(
    layout,
    {
      ...{ student: at.x, teacher: at.W, rowMask: at.v, studentGradient: at.ofPermutation },
      ...{ rowLosses: at.sorted, table: at.table },
    },
    {
      ...{ relaxation: of.relaxation, lambda: of.lambda, studentSteepness: of.steepness },
      ...{ teacherSteepness: 1, epsilon: 0, scale: 1, both: false, renormalizeKept: false },
      kept: { begin: 0, end: n },
    },
  )
  const call = new Float64Array(memory.buffer, at.args, slots.length + 2)
  call.set(slots)
  call.set([at.ofSorted, at.permutation], slots.length)
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const kernel = exports['softSort'] as Kernel
  kernel(at.args, 0, x.length / n, scratchAt)
  return {
    sorted: floats(at.sorted, x.length),
    permutation: floats(at.permutation, x.length * n),
    permutationGradient: floats(at.ofPermutation, x.length),
    sortedGradient: floats(at.ofSorted, x.length),
  }
}

function bestVariant(): 'simd' | 'relaxed' {
  return WebAssembly.validate(relaxedProbe) ? 'relaxed' : 'simd'
}

function prepare(
  module: WebAssembly.Module,
  of: { student: ArrayLike<number>; teacher: ArrayLike<number>; options: SoftSortOptions },
): PreparedSoftSort {
  const { student, teacher, options } = of
  const layout = softSortLayout(options.network, options.references)
  const scratch = softSortScratch(layout)
  const rows = student.length / options.references
  const { place, memory: memoryOf } = addresses()
  const at = {
    student: place(student.length * 4),
    teacher: place(student.length * 4),
    rowMask: options.rowMask ? place(rows * 4) : 0,
    studentGradient: place(student.length * 4),
    rowLosses: place(rows * 8),
    table: place(layout.table.length),
  }
  const args = place(512)
  const scratchAt = place(scratch.scratchBytes)
  const memory = memoryOf()
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  const kernel = exports['softSortCrossEntropy'] as Kernel
  const floats = (begin: number, length: number) => new Float32Array(memory.buffer, begin, length)
  floats(at.student, student.length).set(student)
  floats(at.teacher, student.length).set(teacher)
  if (options.rowMask) floats(at.rowMask, rows).set(options.rowMask)
  new Uint8Array(memory.buffer, at.table).set(layout.table)
  const scale = lossScale(rows, options)
  const numbers = {
    ...options,
    scale,
    both: options.direction === 'Both',
    kept: keptRankRange(options),
  }
  const slots = softSortArguments(layout, at, numbers)
  new Float64Array(memory.buffer, args, slots.length).set(slots)
  return {
    layout,
    scratch,
    run: (begin, end) => kernel(args, begin, end, scratchAt),
    read: () => ({
      loss: scale * new Float64Array(memory.buffer, at.rowLosses, rows).reduce((a, b) => a + b, 0),
      studentGradient: floats(at.studentGradient, student.length).slice(),
    }),
  }
}
