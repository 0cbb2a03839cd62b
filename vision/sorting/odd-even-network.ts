import { type Comparator, type Layer, passThrough } from './comparator.ts'

/** The odd-even transposition network: as many layers as wires (diffsort_wiring.json). */
export function oddEvenNetwork(wires: number): readonly Layer[] {
  return Array.from({ length: wires }, (_, index) => layerFrom(index % 2, wires))
}

function layerFrom(first: number, wires: number): Layer {
  const layer: Comparator[] = []
  for (let a = first; a + 1 < wires; a += 2) layer.push({ a, b: a + 1, minimum: a, maximum: a + 1 })
  if (first === 1) layer.push(passThrough(0))
  if ((wires - first) % 2 === 1) layer.push(passThrough(wires - 1))
  return layer
}
