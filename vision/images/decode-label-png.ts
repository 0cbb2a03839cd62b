import { inflateSync } from 'node:zlib'
import type { LabelMap } from './rgb-image.ts'

/** Why a PNG cannot be read as class indices. */
class LabelPngError extends Error {
  override readonly name = 'LabelPngError'
}

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10]
const GRAY = 0
const PALETTE = 3
const COLOR_NAMES: Readonly<Record<number, string>> = {
  2: 'RGB colors',
  4: 'gray with transparency',
  6: 'RGB colors with transparency',
}

interface Header {
  readonly width: number
  readonly height: number
  readonly bitDepth: number
}

function parseHeader(data: DataView): Header {
  const [bitDepth, colorType, interlace] = [data.getUint8(8), data.getUint8(9), data.getUint8(12)]
  if (colorType !== GRAY && colorType !== PALETTE) {
    const found = COLOR_NAMES[colorType] ?? `color type ${colorType}`
    throw new LabelPngError(
      `a mask holds class indices, as a palette or gray PNG; this holds ${found}`,
    )
  }
  if (bitDepth > 8) throw new LabelPngError('a mask has at most 8 bits a pixel; this has 16')
  if (interlace !== 0) throw new LabelPngError('an interlaced mask is not read; save it without')
  return { width: data.getUint32(0), height: data.getUint32(4), bitDepth }
}

/** Header and image data of the chunks, in order. */
function parseChunks(bytes: Uint8Array): { header: Header; packed: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const parts: Uint8Array[] = []
  let header: Header | undefined
  for (let at = SIGNATURE.length; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at)
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const body = bytes.subarray(at + 8, at + 8 + length)
    if (body.length < length) throw new LabelPngError('the file ends in the middle')
    if (type === 'IHDR') header = parseHeader(new DataView(body.buffer, body.byteOffset, length))
    if (type === 'IDAT') parts.push(body)
    at += length + 12
  }
  if (header === undefined || parts.length === 0)
    throw new LabelPngError('the file ends in the middle')
  return { header, packed: Buffer.concat(parts) }
}

/**
 * The predictor of the PNG specification: of left, up and upper left, the one nearest to left +
 * up − upper left.
 */
function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [
    Math.abs(guess - left),
    Math.abs(guess - up),
    Math.abs(guess - corner),
  ]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

type Predictor = (left: number, up: number, corner: number) => number
const PREDICTORS: readonly Predictor[] = [
  () => 0,
  (left) => left,
  (_, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
]

/**
 * Undoes the row filters; pixels of at most 8 bits have a filter distance of one byte. A zero row
 * above and a zero column before stand in for what is outside.
 */
function unfilter(raw: Uint8Array, rows: number, rowBytes: number): Uint8Array {
  const stride = rowBytes + 1
  if (raw.length < rows * stride) throw new LabelPngError('the file ends in the middle')
  const padded = new Uint8Array((rows + 1) * stride)
  const at = (index: number): number => padded[index] as number
  for (let y = 0; y < rows; y++) {
    const filter = raw[y * stride] as number
    const predict = PREDICTORS[filter]
    if (predict === undefined) throw new LabelPngError(`unknown row filter ${filter}`)
    for (let x = 1; x <= rowBytes; x++) {
      const to = (y + 1) * stride + x
      const guess = predict(at(to - 1), at(to - stride), at(to - stride - 1))
      padded[to] = (raw[y * stride + x] as number) + guess
    }
  }
  return withoutPadding(padded, rows, rowBytes)
}

function withoutPadding(padded: Uint8Array, rows: number, rowBytes: number): Uint8Array {
  const out = new Uint8Array(rows * rowBytes)
  for (let y = 0; y < rows; y++) {
    const from = (y + 1) * (rowBytes + 1) + 1
    out.set(padded.subarray(from, from + rowBytes), y * rowBytes)
  }
  return out
}

function unpackBits(rows: Uint8Array, { width, height, bitDepth }: Header): Uint8Array {
  if (bitDepth === 8) return rows
  const perByte = 8 / bitDepth
  const rowBytes = Math.ceil(width / perByte)
  const labels = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = rows[y * rowBytes + Math.floor(x / perByte)] ?? 0
      const shift = 8 - bitDepth * ((x % perByte) + 1)
      labels[y * width + x] = (byte >> shift) & ((1 << bitDepth) - 1)
    }
  }
  return labels
}

function inflate(packed: Uint8Array): Uint8Array {
  try {
    return inflateSync(packed)
  } catch (error) {
    throw new LabelPngError('the pixels cannot be unpacked: the file is damaged', { cause: error })
  }
}

/**
 * Reads the indices of a palette or gray PNG of 1, 2, 4 or 8 bits: a class is an index, not a
 * color. Throws LabelPngError.
 */
export function decodeLabelPng(bytes: Uint8Array): LabelMap {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) throw new LabelPngError('not a PNG file')
  const { header, packed } = parseChunks(bytes)
  const { width, height, bitDepth } = header
  const rowBytes = Math.ceil((width * bitDepth) / 8)
  const rows = unfilter(inflate(packed), height, rowBytes)
  return { width, height, labels: unpackBits(rows, header) }
}
