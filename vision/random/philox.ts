const multiplier0 = 0xd2511f53
const multiplier1 = 0xcd9e8d57
const weyl0 = 0x9e3779b9
const weyl1 = 0xbb67ae85
const rounds = 10

export type PhiloxKey = readonly [number, number]
export type PhiloxCounter = readonly [number, number, number, number]

/** High 32 bits of the product of two 32-bit integers, exactly. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + Math.floor(middle / 65536) + Math.floor(carry / 65536)) >>> 0
}

/**
 * Philox4x32-10: four random 32-bit integers of a key and a counter, without any state.
 * Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (SC11); the same numbers as Random123.
 */
export function philox4x32(key: PhiloxKey, counter: PhiloxCounter): PhiloxCounter {
  let [key0, key1] = key
  let [c0, c1, c2, c3] = counter
  for (let round = 0; round < rounds; round++) {
    const high0 = multiplyHigh(multiplier0, c0)
    const low0 = Math.imul(multiplier0, c0)
    const high1 = multiplyHigh(multiplier1, c2)
    const low1 = Math.imul(multiplier1, c2)
    c0 = (high1 ^ c1 ^ key0) >>> 0
    c1 = low1 >>> 0
    c2 = (high0 ^ c3 ^ key1) >>> 0
    c3 = low0 >>> 0
    key0 = (key0 + weyl0) >>> 0
    key1 = (key1 + weyl1) >>> 0
  }
  return [c0, c1, c2, c3]
}
