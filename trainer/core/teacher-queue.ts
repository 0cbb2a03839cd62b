import { keep, type Tensor, tidy } from '@tensorflow/tfjs-core'
import { concatRows } from '../../vision/ops/concat-rows.ts'
import { gatherRows } from '../../vision/ops/gather-rows.ts'
import { toTensor } from '../../vision/ops/tensor-values.ts'
import type { DrawPermutation } from './references.ts'

/** Rows of one image that are pushed in one step, at most. */
const ROWS_PER_IMAGE = 10

export interface QueueOptions {
  /** Rows for each global crop. */
  readonly length: number
  readonly dim: number
  /**
   * Count the filled rows of both crops together, as the released program does by mistake: until
   * the queue is full, rows of zeros are drawn too.
   */
  readonly countsBothCrops?: boolean
}

/**
 * What is pushed: unit rows of the teacher [2·B·patches, D], of which rows of mask 0 are left out.
 */
export interface QueuePush {
  readonly features: Tensor
  readonly images: number
  readonly mask?: ArrayLike<number> | undefined
}

/**
 * The newest teacher patches of each global crop, newest first (docs/method.md §1.6). It holds a
 * tensor: close it.
 */
export class TeacherQueue {
  readonly length: number
  readonly #options: QueueOptions
  #rows: Tensor // [2·length, D]: crop 0, then crop 1
  #entries: readonly [number, number] = [0, 0]

  constructor(options: QueueOptions) {
    const { length, dim } = options
    this.length = length
    this.#options = options
    this.#rows = keep(toTensor(new Float32Array(2 * length * dim), [2 * length, dim]))
  }

  /** Rows of crop g begin at g·length; rows that were never pushed are zeros. [2·length, D] */
  get rows(): Tensor {
    return this.#rows
  }

  /** How many rows of crop g count as filled. */
  entries(g: number): number {
    return this.#entries[g as 0 | 1]
  }

  /** Takes the rows [2·length, D] and the counts of a checkpoint. */
  restore(values: ArrayLike<number>, entries: readonly [number, number]): void {
    this.#replaceRows(toTensor(values, this.#rows.shape))
    this.#entries = entries
  }

  /** Pushes at most 10·B random rows of each global crop to the front; the oldest fall out. */
  push({ features, images, mask }: QueuePush, draw: DrawPermutation): void {
    const perCrop = (features.shape[0] ?? 0) / 2
    const limit = Math.min(ROWS_PER_IMAGE * images, this.length)
    const chosen = [0, 1].map((g) => {
      const rows = Array.from({ length: perCrop }, (_, i) => g * perCrop + i)
      const allowed = rows.filter((row) => mask === undefined || mask[row] === 1)
      const order = Array.from(draw(allowed.length)).slice(0, limit)
      return order.map((at) => allowed[at] ?? 0)
    })
    const offset = 2 * perCrop
    const indices = chosen.flatMap((rows, g) => [
      ...rows,
      ...Array.from({ length: this.length - rows.length }, (_, i) => offset + g * this.length + i),
    ])
    this.#replaceRows(
      tidy(() => gatherRows(concatRows([features, this.#rows]), Int32Array.from(indices))),
    )
    this.#count(chosen.map((rows) => rows.length))
  }

  #replaceRows(next: Tensor): void {
    this.#rows.dispose()
    this.#rows = keep(next)
  }

  #count([first = 0, second = 0]: readonly number[]): void {
    const [zero, one] = this.#entries
    const most = (count: number) => Math.min(count, this.length)
    this.#entries = this.#options.countsBothCrops
      ? [most(zero + first + second), most(one + first + second)]
      : [most(zero + first), most(one + second)]
  }

  close(): void {
    this.#rows.dispose()
  }
}
