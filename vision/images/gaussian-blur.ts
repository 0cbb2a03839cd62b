import type { RgbImage } from './rgb-image.ts'

const passes = 3

/**
 * Pillow's GaussianBlur: three box blurs along the rows and three along the columns, with boxes of
 * fractional width, rounded to 8 bits after each. The radius is the standard deviation in pixels.
 */
export function gaussianBlur(image: RgbImage, radiusPx: number): RgbImage {
  const { width, height } = image
  const box = computeBoxKernel(radiusPx)
  const rows = blurLines(image.rgb, { lines: height, length: width, box })
  const columns = transpose(rows, width, height)
  const blurred = blurLines(columns, { lines: width, length: height, box })
  return { ...image, rgb: transpose(blurred, height, width) }
}

/**
 * A box that reaches `reach` pixels to each side with weight `inner`, and one more with weight
 * `edge`, both with 24 binary places.
 */
interface BoxKernel {
  readonly reach: number
  readonly inner: number
  readonly edge: number
}

/**
 * The box whose threefold repetition has the variance of the Gaussian (Gwosdek et al., 2011), in
 * Pillow's float32 arithmetic.
 */
function computeBoxKernel(radiusPx: number): BoxKernel {
  const radius = Math.fround(radiusPx)
  const variance = Math.fround(Math.fround(radius * radius) / passes)
  const whole = Math.floor((Math.fround(Math.sqrt(12 * variance + 1)) - 1) / 2)
  const over = Math.fround(
    (2 * whole + 1) * Math.fround(whole * (whole + 1) - Math.fround(3 * variance)),
  )
  const under = Math.fround(6 * Math.fround(variance - (whole + 1) * (whole + 1)))
  const reachPx = Math.fround(whole + Math.fround(over / under))
  const inner = Math.trunc(Math.fround(2 ** 24 / Math.fround(reachPx * 2 + 1)))
  const reach = Math.trunc(reachPx)
  return { reach, inner, edge: Math.trunc((2 ** 24 - (reach * 2 + 1) * inner) / 2) }
}

interface Lines {
  readonly lines: number
  /** Pixels in a line. */
  readonly length: number
  readonly box: BoxKernel
}

function blurLines(source: Uint8Array, { lines, length, box }: Lines): Uint8Array {
  const blurred = new Uint8Array(source.length)
  const margin = box.reach + 1
  const padded = new Uint8Array(3 * (length + 2 * margin))
  for (let line = 0; line < lines; line++) {
    const first = 3 * line * length
    let from = source
    for (let pass = 0; pass < passes; pass++) {
      padLine(from.subarray(first, first + 3 * length), padded, margin)
      blurLine(padded, blurred.subarray(first, first + 3 * length), box)
      from = blurred
    }
  }
  return blurred
}

/** Repeats the first and the last pixel `margin` times. */
function padLine(line: Uint8Array, padded: Uint8Array, margin: number): void {
  padded.set(line, 3 * margin)
  const last = line.length - 3
  for (let i = 0; i < margin; i++) {
    for (let channel = 0; channel < 3; channel++) {
      padded[3 * i + channel] = line[channel] as number
      padded[3 * margin + line.length + 3 * i + channel] = line[last + channel] as number
    }
  }
}

/**
 * A running sum over the box: each step adds the pixel that enters and takes off the one that
 * leaves.
 */
function blurLine(
  padded: Uint8Array,
  blurred: Uint8Array,
  { reach, inner, edge }: BoxKernel,
): void {
  const span = 3 * (2 * reach + 1)
  for (let channel = 0; channel < 3; channel++) {
    let sum = 0
    for (let i = 0; i < span; i += 3) sum += padded[i + channel] as number
    for (let to = channel; to < blurred.length; to += 3) {
      const left = padded[to] as number
      sum += (padded[to + span] as number) - left
      const outer = left + (padded[to + span + 3] as number)
      blurred[to] = (sum * inner + outer * edge + 2 ** 23) / 2 ** 24
    }
  }
}

function transpose(source: Uint8Array, width: number, height: number): Uint8Array {
  const turned = new Uint8Array(source.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x)
      const to = 3 * (x * height + y)
      turned[to] = source[from] as number
      turned[to + 1] = source[from + 1] as number
      turned[to + 2] = source[from + 2] as number
    }
  }
  return turned
}
