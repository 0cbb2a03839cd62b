const unit = 1 / 4294967296

/** A hash of integer coordinates as a number in [0, 1). */
export function latticeNoise(x: number, y: number, seed: number): number {
  let h = Math.imul(x, 0x9e3779b1) ^ Math.imul(y, 0x85ebca77) ^ seed
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return ((h ^ (h >>> 15)) >>> 0) * unit
}

/** Value noise in [0, 1): the hashes of the four lattice points around, blended by smoothstep. */
export function valueNoise(x: number, y: number, seed: number): number {
  const left = Math.floor(x)
  const top = Math.floor(y)
  const fx = x - left
  const fy = y - top
  const wx = fx * fx * (3 - 2 * fx)
  const wy = fy * fy * (3 - 2 * fy)
  const a = latticeNoise(left, top, seed)
  const b = latticeNoise(left + 1, top, seed)
  const c = latticeNoise(left, top + 1, seed)
  const d = latticeNoise(left + 1, top + 1, seed)
  return (a * (1 - wx) + b * wx) * (1 - wy) + (c * (1 - wx) + d * wx) * wy
}
