import type { ViewsSettings } from '../../method/settings/views.ts'
import type { OverlapBoxes } from './crop-pairs.ts'
import { listCropSides } from './views/draw-crops.ts'
import type { Views } from './views/make-views.ts'

/** Crops of one size, crop-major: crop 0 of all images, crop 1 of all images, … */
export interface CropStack {
  readonly values: Float32Array // [crops·B, 3, sidePx, sidePx]
  readonly crops: number
  readonly sidePx: number
}

/** What one step sees. */
export interface ViewBatch {
  readonly images: number
  readonly global: CropStack
  readonly local: CropStack
  readonly boxes: readonly OverlapBoxes[]
}

/** Puts the views of a batch of images in the order the model takes them. */
export function stackViews(views: readonly Views[], settings: ViewsSettings): ViewBatch {
  const sides = listCropSides(settings)
  return {
    images: views.length,
    global: stack(views, { first: 0, count: 2, sidePx: sides[0] ?? 0 }),
    local: stack(views, { first: 2, count: settings.localCrops, sidePx: settings.localSizePx }),
    boxes: views.map(({ inGlobal, inCrop }) => ({ inGlobal, inCrop })),
  }
}

function stack(
  views: readonly Views[],
  { first, count, sidePx }: { first: number; count: number; sidePx: number },
): CropStack {
  const size = 3 * sidePx * sidePx
  const values = new Float32Array(count * views.length * size)
  for (let crop = 0; crop < count; crop++) {
    views.forEach(({ crops }, b) => {
      values.set(crops[first + crop] ?? [], (crop * views.length + b) * size)
    })
  }
  return { values, crops: count, sidePx }
}
