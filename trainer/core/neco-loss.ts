import type { Tensor } from '@tensorflow/tfjs-core'
import type { LossSettings } from '../../method/settings/loss.ts'
import { add, affine, dot, scale } from '../../vision/ops/arithmetic.ts'
import { concatRows } from '../../vision/ops/concat-rows.ts'
import { gatherRows } from '../../vision/ops/gather-rows.ts'
import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { reshape } from '../../vision/ops/reshape.ts'
import { similarity } from '../../vision/ops/similarity.ts'
import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
import { sparseRows } from '../../vision/ops/sparse-rows.ts'
import { toTensor } from '../../vision/ops/tensor-values.ts'
import type { SoftSortOptions } from '../../vision/sorting/soft-sort-options.ts'
import type { PairAlignment } from './crop-pairs.ts'

/** Unit features of every patch, crop-major: crop 0 of all images, crop 1 of all images, … */
export interface CropFeatures {
  readonly teacher: Tensor // [2·B·P, D]
  readonly studentGlobal: Tensor // [2·B·P, D]
  readonly studentLocal?: Tensor | undefined // [(crops − 2)·B·p, D]
}

/**
 * References of each pair as rows of a pool, [B·R] image by image; undefined for a pair without
 * any.
 */
export interface PairReferences {
  readonly perImage: number
  /**
   * The rows to choose from: aligned rows of the teacher or the student, pair by pair, or a queue.
   */
  readonly pool: 'Teacher' | 'Student' | { readonly queue: Tensor } // [rows, D]
  readonly rowsByPair: readonly (Int32Array | undefined)[]
}

export interface LossInputs {
  readonly features: CropFeatures
  readonly alignment: PairAlignment
  readonly references: PairReferences
  /** 1 for aligned rows [pairs·B·cells] that enter the loss; all when left out. */
  readonly mask?: Uint8Array | undefined
}

/** Aligned rows of all pairs, [pairs·B·cells, D]. */
interface AlignedFeatures {
  readonly teacher: Tensor
  readonly student: Tensor
  readonly images: number
  readonly cells: number
}

/**
 * The NeCo loss of a batch as a scalar (docs/method.md §1.6, neco_knn_loss_full.json): teacher and
 * student rows of each overlap rank the same references, and their soft orders are compared. The
 * mean over all pairs of a global crop with another crop; `Sum` sums over rows and references
 * first. The teacher's order gets no gradient; references do, where they come from features on the
 * tape.
 */
export function necoLoss(inputs: LossInputs, settings: LossSettings, images: number): Tensor {
  const aligned = alignCropFeatures(inputs, settings, images)
  if (settings.objective === 'CosineConsistency') return cosineConsistency(aligned, inputs)
  const pairs = inputs.alignment.pairs.length
  const chosen = slicePairs(inputs, aligned)
  if (chosen.every(({ mask }) => mask === undefined)) {
    const total = orderLoss(aligned, { inputs, settings, parts: chosen })
    return settings.reduction === 'Sum' ? scale(total, 1 / pairs) : total
  }
  const losses = chosen
    .filter(({ references, mask }) => references !== undefined && mask?.includes(1))
    .map((part) => orderLoss(aligned, { inputs, settings, parts: [part] }))
  if (losses.length === 0) return toTensor([0], [])
  return scale(losses.reduce(add), 1 / pairs)
}

function alignCropFeatures(
  inputs: LossInputs,
  settings: LossSettings,
  images: number,
): AlignedFeatures {
  const { features, alignment } = inputs
  const parts = [sparseRows(features.studentGlobal, alignment.studentGlobal)]
  if (features.studentLocal) parts.push(sparseRows(features.studentLocal, alignment.studentLocal))
  const student = concatRows(parts) // [pairs·B·cells, D]
  const teacher = sparseRows(features.teacher, alignment.teacher) // [pairs·B·cells, D]
  const cells = alignment.teacher.rows / (alignment.pairs.length * images)
  // Aligned rows are means of unit rows and so no longer unit rows; distances are taken as they
  // are.
  if (settings.similarity === 'Euclidean') return { teacher, student, images, cells }
  return { teacher: normalizeRows(teacher), student: normalizeRows(student), images, cells }
}

/** What one pair puts into the loss. */
interface PairSlice {
  readonly pair: number
  readonly references: Int32Array | undefined
  readonly mask: Uint8Array | undefined // [B·cells]
}

function slicePairs(
  { alignment, references, mask }: LossInputs,
  aligned: AlignedFeatures,
): PairSlice[] {
  const size = aligned.images * aligned.cells
  return alignment.pairs.map((_, pair) => ({
    pair,
    references: references.rowsByPair[pair],
    mask: mask?.subarray(pair * size, (pair + 1) * size),
  }))
}

interface OrderInputs {
  readonly inputs: LossInputs
  readonly settings: LossSettings
  readonly parts: readonly PairSlice[]
}

function orderLoss(aligned: AlignedFeatures, { inputs, settings, parts }: OrderInputs): Tensor {
  const { images, cells } = aligned
  const width = aligned.student.shape[1] ?? 0
  const groups = [parts.length * images, cells, width]
  const own = collectPairRows(parts, aligned, (image) => image)
  const isShuffled = settings.objective === 'ShuffledOrder'
  const before = (image: number) => (image + images - 1) % images
  const teacherRows = isShuffled ? collectPairRows(parts, aligned, before) : own
  const references = referenceRows(aligned, inputs.references, parts)
  const kind = settings.similarity
  const student = similarity(takeRowGroups(aligned.student, own, groups), references, kind)
  const teacher = similarity(takeRowGroups(aligned.teacher, teacherRows, groups), references, kind)
  const options = sortOptions(settings, inputs.references.perImage)
  const rowMask = parts.length === 1 ? parts[0]?.mask : undefined
  return softSortCrossEntropy(student, teacher, { ...options, ...(rowMask && { rowMask }) })
}

/** Rows x [all, D] in groups; undefined takes all of them as they lie. */
function takeRowGroups(x: Tensor, rows: Int32Array | undefined, shape: readonly number[]): Tensor {
  return reshape(rows === undefined ? x : gatherRows(x, rows), shape)
}

/**
 * Indices of the aligned rows of some pairs, with each image replaced by `imageFor` it; undefined
 * where that is every row in order.
 */
function collectPairRows(
  parts: readonly PairSlice[],
  { images, cells, student }: AlignedFeatures,
  imageFor: (image: number) => number,
): Int32Array | undefined {
  const size = images * cells
  const rows = parts.flatMap(({ pair }) =>
    Array.from(
      { length: size },
      (_, i) => pair * size + imageFor(Math.floor(i / cells)) * cells + (i % cells),
    ),
  )
  const isEveryRow = rows.length === student.shape[0] && rows.every((row, i) => row === i)
  return isEveryRow ? undefined : Int32Array.from(rows)
}

/** → [pairs·B, R, D] */
function referenceRows(
  aligned: AlignedFeatures,
  { pool, perImage }: PairReferences,
  parts: readonly PairSlice[],
): Tensor {
  const source = poolRows(aligned, pool)
  const rows = parts.flatMap(({ references }) => [...(references ?? [])])
  const width = aligned.student.shape[1] ?? 0
  const shape = [parts.length * aligned.images, perImage, width]
  return reshape(gatherRows(source, Int32Array.from(rows)), shape)
}

function poolRows(aligned: AlignedFeatures, pool: PairReferences['pool']): Tensor {
  if (pool === 'Teacher') return aligned.teacher
  if (pool === 'Student') return aligned.student
  return pool.queue
}

function sortOptions(settings: LossSettings, references: number): SoftSortOptions {
  const { keptNeighbors = 0, lambda = 0, renormalizeKept = false, similarity: kind } = settings
  return {
    ...settings,
    lambda,
    renormalizeKept,
    references,
    keptRanks: keptNeighbors,
    nearest: kind === 'Cosine' ? 'Last' : 'First',
  }
}

/** The control without order: mean of 1 − cosine of student and teacher rows. */
function cosineConsistency({ teacher, student }: AlignedFeatures, { mask }: LossInputs): Tensor {
  const count = student.shape[0] ?? 0
  const rows = mask && Int32Array.from(mask.keys()).filter((row) => mask[row] === 1)
  if (rows?.length === 0) return toTensor([0], [])
  const pick = (x: Tensor) => normalizeRows(rows ? gatherRows(x, rows) : x)
  const cosines = dot(pick(student), pick(teacher))
  return affine(cosines, { factor: -1 / (rows?.length ?? count), offset: 1 })
}
