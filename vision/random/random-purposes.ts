/** What random numbers are drawn for. Each purpose has numbers of its own, so that adding a draw in one place moves none elsewhere. */
export const randomPurposes = [
  'backbone-weights',
  'head-weights',
  'sample-order',
  'crop-boxes',
  'crop-colours',
  'stochastic-depth',
  'roi-references',
  'patch-references',
  'queue-references',
  'scene',
  'pretrain-order',
  'pretrain-colours',
  'pretrain-position',
  'memory-patches',
  'memory-colours',
  'memory-crops',
  'probe-weights',
  'probe-order',
  'probe-crops',
  'kmeans-start',
  'kmeans-sample',
  'pca-sample',
  'neighbour-references',
  'sweep-points',
  'test',
] as const

export type RandomPurpose = (typeof randomPurposes)[number]

/** 32-bit FNV-1a hash of a purpose: one half of the Philox key. */
export function purposeKey(purpose: RandomPurpose): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < purpose.length; i++) {
    hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193)
  }
  return hash >>> 0
}
