import { type Comparator, type Layer, passThrough } from './comparator.ts'

/**
 * The bitonic network on `wires` wires, ascending (diffsort_wiring.json). When the number is
 * not a power of two it is the network of the next power of two without its first wires, as
 * diffsort builds it: a comparator with one wire left passes that wire through.
 */
export function bitonicNetwork(wires: number): readonly Layer[] {
  const blocks = Math.ceil(Math.log2(wires))
  const fullWires = 2 ** blocks
  const removed = fullWires - wires
  const layers: Layer[] = []
  for (let block = 0; block < blocks; block++) {
    for (let step = 0; step <= block; step++) {
      const full = fullLayer(fullWires, { block, distance: 2 ** (block - step) })
      layers.push(full.flatMap((comparator) => withoutFirst(comparator, removed)))
    }
  }
  return layers
}

function fullLayer(wires: number, at: { block: number; distance: number }): Layer {
  const layer: Comparator[] = []
  for (let a = 0; a < wires; a++) {
    if (a & at.distance) continue
    const b = a + at.distance
    const descending = ((a >> (at.block + 1)) & 1) === 1
    layer.push(descending ? { a, b, minimum: b, maximum: a } : { a, b, minimum: a, maximum: b })
  }
  return layer
}

/** Removes the first wires and counts the others from 0. */
function withoutFirst(comparator: Comparator, removed: number): readonly Comparator[] {
  const { a, b, minimum, maximum } = comparator
  if (b < removed) return []
  if (a < removed) return [passThrough(b - removed)]
  return [
    { a: a - removed, b: b - removed, minimum: minimum - removed, maximum: maximum - removed },
  ]
}
