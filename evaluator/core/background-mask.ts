/** A mask of the memory, where pixels that belong to no class count as class 0, as the peers have it (neco-method §4.2). */
export const withoutIgnored = (mask: Uint8Array, ignoreLabel: number): Uint8Array =>
  mask.map((label) => (label === ignoreLabel ? 0 : label))
