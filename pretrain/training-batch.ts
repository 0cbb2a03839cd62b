import { IMAGENET_COLORS } from '../vision/images/normalize-image.ts'
import { randomStream } from '../vision/random/random-stream.ts'
import type { PretrainSettings } from './pretrain-settings.ts'
import { grayWindow, recolorWindow } from './recolor-window.ts'
import { resampleWindow } from './resample-window.ts'
import { drawWindowAugmentation, type WindowAugmentation } from './window-augmentation.ts'
import type { Windows } from './windows.ts'

export interface Batch {
  /** Normalized, [B, 3, sidePx, sidePx] row-major. */
  readonly images: Float32Array
  readonly labels: Int32Array
  /** Where in the position grid the windows of this batch lie, in patches. */
  readonly corner: { readonly top: number; readonly left: number }
}

/**
 * The batch of a step: drawn from the windows with replacement, changed, and placed in the grid.
 */
export function trainingBatch(windows: Windows, settings: PretrainSettings, step: number): Batch {
  const { seed, batchSize, backbone, windowPx } = settings
  const order = randomStream({ seed, purpose: 'pretrain-order', indices: [step] })
  const place = randomStream({ seed, purpose: 'pretrain-position', indices: [step] })
  const picked = Array.from({ length: batchSize }, () => order.int(windows.images.length))
  const images = picked.map((index, sample) => {
    const stream = randomStream({ seed, purpose: 'pretrain-colors', indices: [step, sample] })
    return augmentWindow(windows, index, drawWindowAugmentation(stream, settings))
  })
  const corners = backbone.positionGrid - windowPx / backbone.patchSizePx + 1
  return {
    ...toNormalizedPlanes(images, windows.sidePx),
    labels: Int32Array.from(picked, (index) => windows.labels[index] ?? 0),
    corner: { top: place.int(corners), left: place.int(corners) },
  }
}

/** Windows begin … begin + count as they are, in the middle of the position grid. */
export function evaluationBatch(
  windows: Windows,
  settings: PretrainSettings,
  range: { readonly begin: number; readonly count: number },
): Batch {
  const { backbone, windowPx } = settings
  const end = range.begin + range.count
  const images = windows.images
    .slice(range.begin, end)
    .map((image) => Float32Array.from(image, (byte) => byte / 255))
  const middle = Math.floor((backbone.positionGrid - windowPx / backbone.patchSizePx) / 2)
  return {
    ...toNormalizedPlanes(images, windows.sidePx),
    labels: windows.labels.slice(range.begin, end),
    corner: { top: middle, left: middle },
  }
}

function augmentWindow(
  { images, sidePx }: Windows,
  index: number,
  draws: WindowAugmentation,
): Float32Array {
  const image = images[index]
  if (image === undefined) throw new Error(`there is no window ${index}`)
  const pixels = resampleWindow(image, sidePx, draws)
  if (draws.colors !== undefined) recolorWindow(pixels, draws.colors)
  if (draws.isGray) grayWindow(pixels)
  return pixels
}

/** Pixels in [0, 1] → normalized planes of one batch. */
function toNormalizedPlanes(
  images: readonly Float32Array[],
  sidePx: number,
): Pick<Batch, 'images'> {
  const area = sidePx * sidePx
  const { mean, std: standardDeviation } = IMAGENET_COLORS
  const batch = new Float32Array(images.length * 3 * area)
  for (const [sample, pixels] of images.entries()) {
    for (const channel of [0, 1, 2] as const) {
      const plane = batch.subarray((sample * 3 + channel) * area, (sample * 3 + channel + 1) * area)
      for (let i = 0; i < area; i++) {
        plane[i] = ((pixels[3 * i + channel] ?? 0) - mean[channel]) / standardDeviation[channel]
      }
    }
  }
  return { images: batch }
}
