import type { SortingNetwork } from '../../method/settings/loss.ts'
import { bitonicNetwork } from './bitonic-network.ts'
import { type Comparator, type Layer, passThrough } from './comparator.ts'

const MIN_WIRES = 2
const MAX_WIRES = 512

/** The number of references cannot be sorted. */
class SortSizeError extends Error {
  readonly code = 'SortSizeInvalid'

  constructor(wires: number) {
    super(
      `A sorting network takes ${MIN_WIRES} to ${MAX_WIRES} references, not ${wires}: change the number of references.`,
    )
  }
}

const networks = new Map<string, readonly Layer[]>()

/**
 * The layers of a network without the wires that pass through.
 * @throws SortSizeError unless 2 ≤ wires ≤ 512
 */
export function sortingNetwork(network: SortingNetwork, wires: number): readonly Layer[] {
  if (!Number.isInteger(wires) || wires < MIN_WIRES || wires > MAX_WIRES) {
    throw new SortSizeError(wires)
  }
  const key = `${network} ${wires}`
  const known = networks.get(key)
  if (known) return known
  const wiring = network === 'Bitonic' ? bitonicNetwork(wires) : oddEvenNetwork(wires)
  const layers = wiring.map((layer) => layer.filter(({ a, b }) => a !== b))
  networks.set(key, layers)
  return layers
}

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
