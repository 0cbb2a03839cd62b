import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { addTo, at, type ReferenceArray, zeros } from './reference-array.ts'

interface DistancePair {
  readonly index: number
  readonly query: number
  readonly reference: number
}

export function distance({
  inputs: { queries, references },
}: KernelCall<'NecoDistance', ReferenceArray>): ReferenceArray[] {
  const [groups = 1, points = 1, width = 1] = queries.shape
  const distances = zeros([groups, points, references.shape[1] as number])
  forEachPair(queries, references, ({ index, query, reference }) => {
    let sum = 0
    for (let d = 0; d < width; d++) {
      sum += (at(queries.values, query + d) - at(references.values, reference + d)) ** 2
    }
    distances.values[index] = Math.sqrt(sum)
  })
  return [distances]
}

export function distanceGradient({
  inputs: { dy, distances, queries, references },
}: KernelCall<'NecoDistanceGradient', ReferenceArray>): ReferenceArray[] {
  const width = queries.shape[2] as number
  const dQueries = zeros(queries.shape)
  const dReferences = zeros(references.shape)
  forEachPair(queries, references, ({ index, query, reference }) => {
    const length = at(distances.values, index)
    const slope = length === 0 ? 0 : at(dy.values, index) / length
    for (let d = 0; d < width; d++) {
      const difference = at(queries.values, query + d) - at(references.values, reference + d)
      addTo(dQueries.values, query + d, slope * difference)
      addTo(dReferences.values, reference + d, -slope * difference)
    }
  })
  return [dQueries, dReferences]
}

function forEachPair(
  queries: ReferenceArray,
  references: ReferenceArray,
  visit: (pair: DistancePair) => void,
): void {
  const [groups = 1, points = 1, width = 1] = queries.shape
  const count = references.shape[1] as number
  for (let index = 0; index < groups * points * count; index++) {
    const group = Math.floor(index / (points * count))
    const query = Math.floor(index / count) * width
    visit({ index, query, reference: (group * count + (index % count)) * width })
  }
}
