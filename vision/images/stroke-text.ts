import type { RgbImage } from './rgb-image.ts'
import { findGlyph, type Glyph } from './stroke-glyphs.ts'

export type Color = readonly [red: number, green: number, blue: number]

export interface TextStyle {
  /** Height of a capital letter. */
  readonly capHeightPx: number
  readonly color: Color
  /** Width of the pen as a share of the capital height; 0.13 when left out. */
  readonly weight?: number
}

interface Segment {
  readonly x0: number
  readonly y0: number
  readonly x1: number
  readonly y1: number
}

/** Space between two characters, in the units of the glyphs. */
const SPACING = 2.5
const CAP_UNITS = 10
const CURVE_PIECES = 8

/** Width of a line of text in pixels. */
export function textWidthPx(text: string, capHeightPx: number): number {
  const widths = [...text].map((character) => findGlyph(character).width + SPACING)
  const units = widths.reduce((sum, width) => sum + width, 0) - (widths.length > 0 ? SPACING : 0)
  return (units * capHeightPx) / CAP_UNITS
}

/**
 * Draws a line of text, antialiased, with the left end of its baseline at (xPx, baselinePx). What
 * falls outside the canvas is left out. The font is our own, so no machine needs one.
 */
export function drawText(
  canvas: RgbImage,
  text: string,
  style: TextStyle & { readonly xPx: number; readonly baselinePx: number },
): void {
  const scale = style.capHeightPx / CAP_UNITS
  let left = style.xPx
  for (const character of text) {
    const glyph = findGlyph(character)
    const segments = parseSegments(glyph).map((segment) => ({
      x0: left + segment.x0 * scale,
      y0: style.baselinePx - segment.y0 * scale,
      x1: left + segment.x1 * scale,
      y1: style.baselinePx - segment.y1 * scale,
    }))
    strokeSegments(canvas, segments, style)
    left += (glyph.width + SPACING) * scale
  }
}

function strokeSegments(canvas: RgbImage, segments: readonly Segment[], style: TextStyle): void {
  if (segments.length === 0) return
  const radius = Math.max((style.capHeightPx * (style.weight ?? 0.13)) / 2, 0.5)
  const xs = segments.flatMap(({ x0, x1 }) => [x0, x1])
  const ys = segments.flatMap(({ y0, y1 }) => [y0, y1])
  const inside = (value: number, size: number) => Math.min(Math.max(value, 0), size)
  const right = inside(Math.ceil(Math.max(...xs) + radius + 1), canvas.width)
  const bottom = inside(Math.ceil(Math.max(...ys) + radius + 1), canvas.height)
  for (let y = inside(Math.floor(Math.min(...ys) - radius), canvas.height); y < bottom; y++) {
    for (let x = inside(Math.floor(Math.min(...xs) - radius), canvas.width); x < right; x++) {
      const distance = distanceTo(segments, x + 0.5, y + 0.5)
      blend(canvas, (y * canvas.width + x) * 3, {
        color: style.color,
        cover: Math.min(Math.max(radius + 0.5 - distance, 0), 1),
      })
    }
  }
}

function blend(
  { rgb }: RgbImage,
  place: number,
  { color, cover }: { readonly color: Color; readonly cover: number },
): void {
  if (cover === 0) return
  color.forEach((value, channel) => {
    const under = rgb[place + channel] as number
    rgb[place + channel] = Math.round(under + (value - under) * cover)
  })
}

function distanceTo(segments: readonly Segment[], x: number, y: number): number {
  let least = Number.POSITIVE_INFINITY
  for (const { x0, y0, x1, y1 } of segments) {
    const [dx, dy] = [x1 - x0, y1 - y0]
    const square = dx * dx + dy * dy
    const along = square === 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / square
    const t = Math.min(Math.max(along, 0), 1)
    least = Math.min(least, Math.hypot(x - x0 - t * dx, y - y0 - t * dy))
  }
  return least
}

/** The strokes of a glyph as straight pieces, in the units of the glyphs. */
function parseSegments({ path }: Glyph): readonly Segment[] {
  const segments: Segment[] = []
  let [x0, y0] = [0, 0]
  for (const [, command, values = ''] of path.matchAll(/([MLQ])([^MLQ]*)/g)) {
    const numbers = values.trim().split(/ +/).map(Number)
    const points = command === 'Q' ? curve([x0, y0, ...numbers]) : [numbers]
    for (const [x1 = 0, y1 = 0] of points) {
      if (command !== 'M') segments.push({ x0, y0, x1, y1 })
      x0 = x1
      y0 = y1
    }
  }
  return segments
}

/** Points on the quadratic curve from (x0, y0) with control (cx, cy) to (x1, y1). */
function curve([x0 = 0, y0 = 0, cx = 0, cy = 0, x1 = 0, y1 = 0]: readonly number[]): number[][] {
  return Array.from({ length: CURVE_PIECES }, (_, piece) => {
    const t = (piece + 1) / CURVE_PIECES
    const [a, b, c] = [(1 - t) ** 2, 2 * t * (1 - t), t ** 2]
    return [a * x0 + b * cx + c * x1, a * y0 + b * cy + c * y1]
  })
}
