import type { LabelMap } from './rgb-image.ts'

/** Whose nearest pixel: Pillow takes the center's, PyTorch's `nearest` the upper left corner's. */
type NearestRule = 'Pillow' | 'Torch'

export interface ResizeLabelsOptions {
  readonly width: number
  readonly height: number
  readonly rule: NearestRule
}

/** Resizes a label map by nearest pixels, without mixing labels (image_ops.json). */
export function resizeLabels(
  map: LabelMap,
  { width, height, rule }: ResizeLabelsOptions,
): LabelMap {
  const columns = nearestSources(map.width, width, rule)
  const rows = nearestSources(map.height, height, rule)
  const labels = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    const first = (rows[y] ?? 0) * map.width
    for (let x = 0; x < width; x++) {
      labels[y * width + x] = map.labels[first + (columns[x] ?? 0)] ?? 0
    }
  }
  return { width, height, labels }
}

/**
 * Pillow adds up the scale from pixel to pixel, PyTorch multiplies in float32; ties of rounding
 * follow them.
 */
function nearestSources(inputs: number, outputs: number, rule: NearestRule): Int32Array {
  const sources = new Int32Array(outputs)
  const scale = inputs / outputs
  const singleScale = Math.fround(scale)
  let place = 0.5 * scale
  for (let output = 0; output < outputs; output++) {
    const nearest = rule === 'Pillow' ? place : Math.fround(output * singleScale)
    sources[output] = Math.min(inputs - 1, Math.floor(nearest))
    place += scale
  }
  return sources
}
