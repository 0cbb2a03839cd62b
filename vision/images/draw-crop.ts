import type { RandomStream } from '../random/random-stream.ts'

/** Corners in pixels, the second outside. */
type Box = readonly [x1: number, y1: number, x2: number, y2: number]

export interface CropRange {
  readonly widthPx: number
  readonly heightPx: number
  /** Least and greatest share of the area. */
  readonly scale: readonly number[]
  /** Least and greatest width ÷ height. */
  readonly aspectRatio: readonly number[]
}

const MAX_ATTEMPTS = 10

/** Rounds halves to the even neighbor, as Python does. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

const boxAt = (left: number, top: number, size: { width: number; height: number }): Box => [
  left,
  top,
  left + size.width,
  top + size.height,
]

function sizeForAspect({ widthPx, heightPx, aspectRatio }: CropRange) {
  const [least = 1, greatest = 1] = aspectRatio
  const aspect = widthPx / heightPx
  if (aspect < least) return { width: widthPx, height: roundHalfEven(widthPx / least) }
  if (aspect > greatest) return { width: roundHalfEven(heightPx * greatest), height: heightPx }
  return { width: widthPx, height: heightPx }
}

/** The central crop of the nearest allowed aspect, taken when no draw fits. */
function centralCrop(range: CropRange): Box {
  const size = sizeForAspect(range)
  const left = Math.floor((range.widthPx - size.width) / 2)
  const top = Math.floor((range.heightPx - size.height) / 2)
  return boxAt(left, top, size)
}

/**
 * Draws a crop as torchvision's RandomResizedCrop.get_params does: ten tries at area and aspect,
 * then the central fallback.
 */
export function drawCrop(stream: RandomStream, range: CropRange): Box {
  const { widthPx, heightPx, scale, aspectRatio } = range
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const area = widthPx * heightPx * stream.uniformBetween(scale[0] ?? 1, scale[1] ?? 1)
    const aspect = stream.logUniform(aspectRatio[0] ?? 1, aspectRatio[1] ?? 1)
    const width = roundHalfEven(Math.sqrt(area * aspect))
    const height = roundHalfEven(Math.sqrt(area / aspect))
    if (width < 1 || height < 1 || width > widthPx || height > heightPx) continue
    const top = stream.int(heightPx - height + 1)
    const left = stream.int(widthPx - width + 1)
    return boxAt(left, top, { width, height })
  }
  return centralCrop(range)
}
