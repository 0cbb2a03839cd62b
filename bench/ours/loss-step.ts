import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { similarity } from '../../vision/ops/similarity.ts'
import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
import { tensorOf, variableOf } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { LossWork } from '../works.ts'
import { hashedNumbers } from './hashed-numbers.ts'

/** One loss with its gradient to the student's features; gives the loss. */
export function lossStep(work: LossWork): () => number {
  const { groups, patches, references, dimension } = work
  const features = [groups, patches, dimension]
  const values = hashedNumbers(groups * patches * dimension, 1)
  const noise = hashedNumbers(values.length, 2)
  const student = variableOf(values, features) // [G, P, D]
  const teacher = tensorOf(
    values.map((value, at) => value + 0.3 * (noise[at] as number)),
    features,
  ) // [G, P, D]
  const referenceRows = tensorOf(hashedNumbers(groups * references * dimension, 3), [
    groups,
    references,
    dimension,
  ])
  const unitReferences = normalizeRows(referenceRows) // [G, R, D]
  const parameters = new Map([['student', student]])
  return () => {
    const { value, gradients } = valueAndGradients(() => {
      const ofTeacher = similarity(normalizeRows(teacher), unitReferences, 'Cosine')
      const ofStudent = similarity(normalizeRows(student), unitReferences, 'Cosine') // [G·P, R]
      return softSortCrossEntropy(ofStudent, ofTeacher, optionsOf(work))
    }, parameters)
    for (const gradient of gradients.values()) gradient.dispose()
    return value
  }
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
