import type { ColorDraws } from './window-augmentation.ts'

type Matrix = readonly (readonly [number, number, number])[]

/**
 * Brightness and two color axes of NTSC television: a turn about the first is a turn of the hue.
 */
const TO_YIQ: Matrix = [
  [0.299, 0.587, 0.114],
  [0.596, -0.274, -0.322],
  [0.211, -0.523, 0.312],
]
const GRAY: Matrix = [TO_YIQ[0] ?? [0, 0, 0], TO_YIQ[0] ?? [0, 0, 0], TO_YIQ[0] ?? [0, 0, 0]]

/**
 * Changes the colors of pixels (rgb after rgb, in [0, 1]) in place: brightness, contrast about the
 * mean luma, saturation and hue in this order, clipped after brightness, contrast and at the end.
 */
export function recolorWindow(pixels: Float32Array, colors: ColorDraws): void {
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = clipped((pixels[i] ?? 0) * colors.brightness)
  }
  const mean = meanLuma(pixels)
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = clipped(((pixels[i] ?? 0) - mean) * colors.contrast + mean)
  }
  transform(
    pixels,
    multiplyMatrices(buildHueRotation(colors.hue), buildSaturationMatrix(colors.saturation)),
  )
  for (let i = 0; i < pixels.length; i++) pixels[i] = clipped(pixels[i] ?? 0)
}

/** Gives every pixel the gray of its luma, in place. */
export function grayWindow(pixels: Float32Array): void {
  transform(pixels, GRAY)
}

function transform(pixels: Float32Array, [r, g, b]: Matrix): void {
  if (r === undefined || g === undefined || b === undefined) return
  for (let i = 0; i < pixels.length; i += 3) {
    const x = pixels[i] ?? 0
    const y = pixels[i + 1] ?? 0
    const z = pixels[i + 2] ?? 0
    pixels[i] = r[0] * x + r[1] * y + r[2] * z
    pixels[i + 1] = g[0] * x + g[1] * y + g[2] * z
    pixels[i + 2] = b[0] * x + b[1] * y + b[2] * z
  }
}

function meanLuma(pixels: Float32Array): number {
  let sum = 0
  for (let i = 0; i < pixels.length; i += 3) {
    sum += 0.299 * (pixels[i] ?? 0) + 0.587 * (pixels[i + 1] ?? 0) + 0.114 * (pixels[i + 2] ?? 0)
  }
  return (sum * 3) / pixels.length
}

/** gray + factor · (color − gray). */
function buildSaturationMatrix(factor: number): Matrix {
  return GRAY.map((luma, row) => {
    const own = luma.map((value, column) => value * (1 - factor) + (row === column ? factor : 0))
    return [own[0] ?? 0, own[1] ?? 0, own[2] ?? 0] as const
  })
}

function buildHueRotation(angle: number): Matrix {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const turn: Matrix = [
    [1, 0, 0],
    [0, cos, -sin],
    [0, sin, cos],
  ]
  return multiplyMatrices(invertMatrix(TO_YIQ), multiplyMatrices(turn, TO_YIQ))
}

function multiplyMatrices(a: Matrix, b: Matrix): Matrix {
  const column = (index: 0 | 1 | 2) => b.map((row) => row[index])
  const dot = (row: readonly number[], other: readonly number[]) =>
    row.reduce((sum, value, i) => sum + value * (other[i] ?? 0), 0)
  return a.map((row) => [dot(row, column(0)), dot(row, column(1)), dot(row, column(2))] as const)
}

/** By the adjugate: rows of the inverse are cross products of columns. */
function invertMatrix(matrix: Matrix): Matrix {
  const [a = [0, 0, 0], b = [0, 0, 0], c = [0, 0, 0]] = matrix
  const [bc, ca, ab] = [crossProduct(b, c), crossProduct(c, a), crossProduct(a, b)]
  const determinant = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2]
  return ([0, 1, 2] as const).map(
    (row) => [bc[row] / determinant, ca[row] / determinant, ab[row] / determinant] as const,
  )
}

type Vector = readonly [number, number, number]

function crossProduct(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

function clipped(value: number): number {
  return Math.min(Math.max(value, 0), 1)
}
