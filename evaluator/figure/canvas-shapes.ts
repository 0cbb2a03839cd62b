import type { RgbImage } from '../../vision/images/rgb-image.ts'
import type { Color } from '../../vision/images/stroke-text.ts'

/** A rectangle in whole pixels. */
export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const blankCanvas = (width: number, height: number, color: Color): RgbImage => {
  const canvas = { width, height, rgb: new Uint8Array(width * height * 3) }
  fillRectangle(canvas, { x: 0, y: 0, width, height }, color)
  return canvas
}

/** Fills a rectangle that lies inside the canvas. */
export function fillRectangle(canvas: RgbImage, area: Rectangle, color: Color): void {
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      canvas.rgb.set(color, (y * canvas.width + x) * 3)
    }
  }
}

/** Copies an image [height, width, 3] so that its first pixel comes to (x, y). */
export function pasteImage(
  canvas: RgbImage,
  image: RgbImage,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  for (let row = 0; row < image.height; row++) {
    const imageRow = image.rgb.subarray(row * image.width * 3, (row + 1) * image.width * 3)
    canvas.rgb.set(imageRow, ((y + row) * canvas.width + x) * 3)
  }
}

/** The rows of an image from `top` to before `bottom`. */
export const sliceImageRows = (
  { width, rgb }: RgbImage,
  top: number,
  bottom: number,
): RgbImage => ({
  width,
  height: bottom - top,
  rgb: rgb.subarray(top * width * 3, bottom * width * 3),
})
