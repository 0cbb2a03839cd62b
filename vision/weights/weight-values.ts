/**
 * The values of one tensor as they lie in memory: float32, or float64 for the reference backend.
 */
export interface WeightTensor {
  readonly shape: readonly number[]
  readonly values: Float32Array | Float64Array
}

/**
 * The values behind the little-endian bytes of one tensor: F64 stays float64; F32, F16 and BF16
 * become float32, which holds each of them exactly. Undefined for any other type.
 */
export function decodeValues(
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
): Float32Array | Float64Array | undefined {
  const { buffer, byteOffset, byteLength } = aligned(bytes)
  if (type === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4)
  if (type === 'F64') return new Float64Array(buffer, byteOffset, byteLength / 8)
  const halves = new Uint16Array(buffer, byteOffset, Math.floor(byteLength / 2))
  if (type === 'BF16')
    return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer)
  if (type === 'F16') return Float32Array.from(halves, fromHalf)
  return undefined
}

/** Typed arrays want their bytes aligned; a slice of a larger buffer may not be. */
function aligned(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits. */
function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
