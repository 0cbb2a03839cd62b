import type { Canvas, Colour } from '../../vision/images/stroke-text.ts'

/** A rectangle in whole pixels. */
export interface Rectangle {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export const blankCanvas = (widthPx: number, heightPx: number, colour: Colour): Canvas => {
  const canvas = { widthPx, heightPx, rgb: new Uint8Array(widthPx * heightPx * 3) }
  fillRectangle(canvas, { x: 0, y: 0, width: widthPx, height: heightPx }, colour)
  return canvas
}

/** Fills a rectangle that lies inside the canvas. */
export function fillRectangle(canvas: Canvas, area: Rectangle, colour: Colour): void {
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      canvas.rgb.set(colour, (y * canvas.widthPx + x) * 3)
    }
  }
}

/** Copies a picture [height, width, 3] so that its first pixel comes to (x, y). */
export function pastePicture(
  canvas: Canvas,
  picture: Canvas,
  { x, y }: { readonly x: number; readonly y: number },
): void {
  for (let row = 0; row < picture.heightPx; row++) {
    const own = picture.rgb.subarray(row * picture.widthPx * 3, (row + 1) * picture.widthPx * 3)
    canvas.rgb.set(own, ((y + row) * canvas.widthPx + x) * 3)
  }
}
