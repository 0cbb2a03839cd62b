import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { similarity } from '../../vision/ops/similarity.ts'
import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
import { tensorOf, variableOf } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { LossWork } from '../works.ts'
import { hashedNumbers } from './hashed-numbers.ts'

/** One loss with its gradient to the student's features, or to similarities that are given; gives the loss. */
export function lossStep(work: LossWork): () => number {
  const prepared = featuresOf(work)
  const { loss, student } =
    work.similarities === 'Cosine' ? onFeatures(prepared) : onGiven(prepared)
  const parameters = new Map([['student', student]])
  const options = optionsOf(work)
  return () => {
    const { value, gradients } = valueAndGradients(() => loss(options), parameters)
    for (const gradient of gradients.values()) gradient.dispose()
    return value
  }
}

interface Prepared {
  readonly student: Variable // [G, P, D]
  readonly teacher: Tensor // [G, P, D]
  readonly unitReferences: Tensor // [G, R, D]
}

function featuresOf({ groups, patches, references, dimension }: LossWork): Prepared {
  const shape = [groups, patches, dimension]
  const values = hashedNumbers(groups * patches * dimension, 1)
  const noise = hashedNumbers(values.length, 2)
  const student = variableOf(values, shape)
  const teacher = tensorOf(
    values.map((value, at) => value + 0.3 * (noise[at] as number)),
    shape,
  )
  const referenceRows = tensorOf(hashedNumbers(groups * references * dimension, 3), [
    groups,
    references,
    dimension,
  ])
  return { student, teacher, unitReferences: normalizeRows(referenceRows) }
}

interface LossOf {
  readonly student: Variable
  readonly loss: (options: ReturnType<typeof optionsOf>) => Tensor
}

const onFeatures = ({ student, teacher, unitReferences }: Prepared): LossOf => ({
  student,
  loss: (options) => {
    const ofTeacher = similarity(normalizeRows(teacher), unitReferences, 'Cosine')
    const ofStudent = similarity(normalizeRows(student), unitReferences, 'Cosine') // [G·P, R]
    return softSortCrossEntropy(ofStudent, ofTeacher, options)
  },
})

function onGiven({ student, teacher, unitReferences }: Prepared): LossOf {
  const ofTeacher = similarity(normalizeRows(teacher), unitReferences, 'Cosine') // [G·P, R]
  const ofStudent = similarity(normalizeRows(student), unitReferences, 'Cosine') // [G·P, R]
  const given = variableOf(ofStudent.dataSync() as Float32Array, ofStudent.shape)
  return { student: given, loss: (options) => softSortCrossEntropy(given, ofTeacher, options) }
}

function optionsOf({ network, relaxation, lambda, steepness, epsilon }: LossWork) {
  return {
    network,
    relaxation,
    lambda,
    epsilon,
    studentSteepness: steepness,
    teacherSteepness: steepness,
    keptRanks: 0,
    nearest: 'Last',
    renormaliseKept: false,
    teacherGradient: false,
    direction: 'One',
    reduction: 'Mean',
  } as const
}
