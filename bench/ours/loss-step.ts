import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { similarity } from '../../vision/ops/similarity.ts'
import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
import { toTensor, toVariable } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { LossCase } from '../benchmark-cases.ts'
import { generateHashedNumbers } from './hashed-numbers.ts'

/**
 * One loss with its gradient to the student's features, or to given similarities; returns the loss.
 */
export function createLossStep(benchmarkCase: LossCase): () => number {
  const features = buildLossFeatures(benchmarkCase)
  const { loss, student } =
    benchmarkCase.similarities === 'Cosine'
      ? buildLossOnFeatures(features)
      : buildLossOnSimilarities(features)
  const parameters = new Map([['student', student]])
  const options = toLossOptions(benchmarkCase)
  return () => {
    const { value, gradients } = valueAndGradients(() => loss(options), parameters)
    for (const gradient of gradients.values()) gradient.dispose()
    return value
  }
}

interface LossFeatures {
  readonly student: Variable // [G, P, D]
  readonly teacher: Tensor // [G, P, D]
  readonly unitReferences: Tensor // [G, R, D]
}

function buildLossFeatures({ groups, patches, references, dimension }: LossCase): LossFeatures {
  const shape = [groups, patches, dimension]
  const values = generateHashedNumbers(groups * patches * dimension, 1)
  const noise = generateHashedNumbers(values.length, 2)
  const student = toVariable(values, shape)
  const teacher = toTensor(
    values.map((value, at) => value + 0.3 * (noise[at] as number)),
    shape,
  )
  const referenceRows = toTensor(generateHashedNumbers(groups * references * dimension, 3), [
    groups,
    references,
    dimension,
  ])
  return { student, teacher, unitReferences: normalizeRows(referenceRows) }
}

interface StudentLoss {
  readonly student: Variable
  readonly loss: (options: ReturnType<typeof toLossOptions>) => Tensor
}

const buildLossOnFeatures = ({ student, teacher, unitReferences }: LossFeatures): StudentLoss => ({
  student,
  loss: (options) => {
    const teacherSimilarities = similarity(normalizeRows(teacher), unitReferences, 'Cosine')
    const studentRows = normalizeRows(student) // [G·P, D]
    const studentSimilarities = similarity(studentRows, unitReferences, 'Cosine') // [G·P, R]
    return softSortCrossEntropy(studentSimilarities, teacherSimilarities, options)
  },
})

function buildLossOnSimilarities({ student, teacher, unitReferences }: LossFeatures): StudentLoss {
  const teacherRows = normalizeRows(teacher) // [G·P, D]
  const teacherSimilarities = similarity(teacherRows, unitReferences, 'Cosine') // [G·P, R]
  const studentRows = normalizeRows(student) // [G·P, D]
  const studentSimilarities = similarity(studentRows, unitReferences, 'Cosine') // [G·P, R]
  const similaritiesVariable = toVariable(
    studentSimilarities.dataSync() as Float32Array,
    studentSimilarities.shape,
  )
  return {
    student: similaritiesVariable,
    loss: (options) => softSortCrossEntropy(similaritiesVariable, teacherSimilarities, options),
  }
}

function toLossOptions({ network, relaxation, lambda, steepness, epsilon }: LossCase) {
  return {
    network,
    relaxation,
    lambda,
    epsilon,
    studentSteepness: steepness,
    teacherSteepness: steepness,
    keptRanks: 0,
    nearest: 'Last',
    renormalizeKept: false,
    direction: 'One',
    reduction: 'Mean',
  } as const
}
