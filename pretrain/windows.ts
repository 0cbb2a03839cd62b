import { drawWindow } from '../vision/scenes/draw-scene.ts'

/** Images with one thing each, and which it is. */
export interface Windows {
  readonly sidePx: number
  /** rgb bytes, [sidePx, sidePx, 3] each. */
  readonly images: readonly Uint8Array[]
  /** Class of the thing, from 0; background has none. */
  readonly labels: Int32Array
}

/** Draws windows of consecutive seeds; `onDrawn` receives how many are ready. */
export function drawWindows(
  range: { readonly first: number; readonly count: number },
  onDrawn: (count: number) => void = () => undefined,
): Windows {
  const images: Uint8Array[] = []
  const labels = new Int32Array(range.count)
  let sidePx = 0
  for (let index = 0; index < range.count; index++) {
    const { side, image, mask } = drawWindow(range.first + index)
    images.push(image)
    labels[index] = mask.reduce((most, label) => Math.max(most, label), 0) - 1
    sidePx = side
    onDrawn(index + 1)
  }
  return { sidePx, images, labels }
}
