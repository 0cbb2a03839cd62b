/** The few forms of ASN.1 that a certificate is made of (X.690, distinguished encoding). */

function encodeLength(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size])
  const hex = size.toString(16)
  const digits = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([0x80 | digits.length]), digits])
}

/** A value under a tag. */
export function tagged(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from([tag]), encodeLength(body.length), body])
}

export const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, ...parts)
export const set = (...parts: readonly Buffer[]): Buffer => tagged(0x31, ...parts)
export const octets = (bytes: Buffer): Buffer => tagged(0x04, bytes)
export const bits = (bytes: Buffer, unused = 0): Buffer =>
  tagged(0x03, Buffer.from([unused]), bytes)
export const boolean = (value: boolean): Buffer => tagged(0x01, Buffer.from([value ? 0xff : 0]))
export const text = (value: string): Buffer => tagged(0x0c, Buffer.from(value, 'utf8'))

/** A whole number given by its bytes, taken as positive. */
export const integer = (bytes: Buffer): Buffer =>
  tagged(0x02, (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)

/** A time, to the second, in the form for the years from 2050 on that is allowed for all. */
export const time = (ms: number): Buffer => {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  return tagged(Number(digits.slice(0, 4)) < 2050 ? 0x17 : 0x18, Buffer.from(shortYear(digits)))
}

const shortYear = (digits: string): string =>
  Number(digits.slice(0, 4)) < 2050 ? digits.slice(2) : digits

function base128(value: number): readonly number[] {
  const low = [value & 0x7f]
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) low.unshift((rest & 0x7f) | 0x80)
  return low
}

/** An object identifier as people write it, `2.5.29.17`. */
export function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}
