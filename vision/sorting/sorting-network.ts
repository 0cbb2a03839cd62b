import type { SortingNetwork } from '../../method/settings/loss.ts'
import { bitonicNetwork } from './bitonic-network.ts'
import type { Layer } from './comparator.ts'
import { oddEvenNetwork } from './odd-even-network.ts'

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
