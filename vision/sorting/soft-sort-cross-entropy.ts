import { type SoftSortResult, type SoftSortSettings, softSort } from './soft-sort.ts'
import { keptRankRange, lossScale, type SoftSortOptions } from './soft-sort-options.ts'

export interface SoftSortLoss {
  readonly loss: number
  /** ∂loss/∂student. [M, R] */
  readonly studentGradient: Float64Array
}

/**
 * −scale · Σ P_teacher[i, k] · ln(P_student[i, k] + ε) over rows, references i and kept ranks k,
 * with both matrices from a relaxed sort of the similarities [M, R] (NeCo eqs. 4 to 8 and its
 * released program; neco_loss_*.json). The teacher is detached. Float64 and exact: with ε = 0 it is
 * NaN or infinite wherever the reference implementation is. With renormalizeKept each reference's
 * kept weights are divided by their sum + ε. A row of mask 0 has no loss and no gradient.
 * @throws SortSizeError unless 2 ≤ R ≤ 512
 */
export function softSortCrossEntropy(
  student: ArrayLike<number>,
  teacher: ArrayLike<number>,
  options: SoftSortOptions,
): SoftSortLoss {
  const { references } = options
  const rows = student.length / references
  const scale = lossScale(rows, options)
  const studentGradient = new Float64Array(student.length)
  let sum = 0
  for (let row = 0; row < rows; row++) {
    if (options.rowMask && options.rowMask[row] === 0) continue
    const begin = row * references
    const result = rowLoss(
      sliceRow(student, begin, references),
      sliceRow(teacher, begin, references),
      {
        options,
        scale,
      },
    )
    sum += result.sum
    studentGradient.set(result.studentGradient, begin)
  }
  return { loss: sum * scale, studentGradient }
}

function sliceRow(array: ArrayLike<number>, begin: number, length: number): Float64Array {
  return Float64Array.from({ length }, (_, i) => array[begin + i] as number)
}

function rowLoss(
  student: Float64Array,
  teacher: Float64Array,
  { options, scale }: { options: SoftSortOptions; scale: number },
) {
  const studentSort = softSort(student, toSoftSortSettings(options, options.studentSteepness))
  const teacherSort = softSort(teacher, toSoftSortSettings(options, options.teacherSteepness))
  const studentSelection = selectTopRanks(studentSort, options)
  const teacherSelection = selectTopRanks(teacherSort, options)
  const both = options.direction === 'Both'
  const { epsilon } = options
  const forward = crossEntropy(teacherSelection.weights, studentSelection.weights, {
    scale,
    epsilon,
  })
  const backward = both
    ? crossEntropy(studentSelection.weights, teacherSelection.weights, { scale, epsilon })
    : undefined
  const studentGradient = studentSort.backward({
    permutation: studentSelection.backward(
      added(forward.predictionGradient, backward?.targetGradient),
    ),
  })
  return { sum: forward.sum + (backward?.sum ?? 0), studentGradient }
}

function toSoftSortSettings(
  { network, relaxation, lambda }: SoftSortOptions,
  steepness: number,
): SoftSortSettings {
  return { network, relaxation, lambda, steepness }
}

/** The kept ranks [K, R] of a sort, and the way back from their gradient to that of P. */
interface RankSelection {
  readonly weights: Float64Array
  backward(gradient: Float64Array): Float64Array
}

function selectTopRanks({ permutation }: SoftSortResult, options: SoftSortOptions): RankSelection {
  const { begin, end } = keptRankRange(options)
  const { references } = options
  const weights = permutation.slice(begin * references, end * references)
  const spread = (gradient: Float64Array) => {
    const full = new Float64Array(permutation.length)
    full.set(gradient, begin * references)
    return full
  }
  if (!options.renormalizeKept) return { weights, backward: spread }
  const divided = divideByReference(weights, options)
  return { weights: divided.weights, backward: (gradient) => spread(divided.backward(gradient)) }
}

/** q[k, i] = P[k, i] / (Σ over kept k of P[k, i] + ε). */
function divideByReference(
  weights: Float64Array,
  { references, epsilon }: SoftSortOptions,
): RankSelection {
  const sums = new Float64Array(references).fill(epsilon)
  weights.forEach((weight, at) => {
    sums[at % references] = (sums[at % references] as number) + weight
  })
  const sumAt = (at: number) => sums[at % references] as number
  const shares = weights.map((weight, at) => weight / sumAt(at))
  return {
    weights: shares,
    backward: (gradient) => {
      const means = new Float64Array(references)
      gradient.forEach((value, at) => {
        means[at % references] = (means[at % references] as number) + value * (shares[at] as number)
      })
      return gradient.map((value, at) => (value - (means[at % references] as number)) / sumAt(at))
    },
  }
}

/** −Σ target · ln(prediction + ε), and `scale` times its gradients. */
function crossEntropy(
  target: Float64Array,
  prediction: Float64Array,
  { scale, epsilon }: { scale: number; epsilon: number },
) {
  let sum = 0
  const logs = prediction.map((weight) => Math.log(weight + epsilon))
  logs.forEach((log, at) => {
    sum -= (target[at] as number) * log
  })
  const predictionGradient = prediction.map(
    (weight, at) => (-scale * (target[at] as number)) / (weight + epsilon),
  )
  return { sum, predictionGradient, targetGradient: logs.map((log) => -scale * log) }
}

function added(a: Float64Array, b: Float64Array | undefined): Float64Array {
  return b ? a.map((value, at) => value + (b[at] as number)) : a
}
