import { expect, test } from 'vitest'
import { drawContactSheet } from './contact-sheet.ts'
import { drawScene } from './draw-scene.ts'
import { SCENE_CLASSES } from './scene-classes.ts'

test('a contact sheet shows each scene above its mask in the colors of the legend', () => {
  const { width, height, rgb } = drawContactSheet({ firstSeed: 3, columns: 3, rows: 1 })
  expect(rgb).toHaveLength(3 * width * height)
  const { image, mask } = drawScene(5)
  const at = (x: number, y: number) => [
    ...rgb.subarray(3 * (y * width + x), 3 * (y * width + x) + 3),
  ]
  const left = width - 28 - 192
  const top = height - 28 - 2 * 192 - 4
  const pixel = 40 * 96 + 60
  expect(at(left + 120, top + 80)).toEqual([...image.subarray(3 * pixel, 3 * pixel + 3)])
  expect(at(left + 120, top + 196 + 80)).toEqual(SCENE_CLASSES[mask[pixel] ?? 0]?.displayColor)
})
