import { describe, expect, test } from 'vitest'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { adjustBrightness, adjustContrast, adjustSaturation, toGray } from './adjust-colors.ts'
import { adjustHue } from './adjust-hue.ts'
import { gaussianBlur } from './gaussian-blur.ts'
import { normalizeImage } from './normalize-image.ts'
import { resizeImage } from './resize-image.ts'
import { resizeLabels } from './resize-labels.ts'

interface GoldenCase {
  readonly name: string
  readonly size?: readonly [height: number, width: number]
  readonly factor?: number
  readonly radius?: number
  readonly top?: number
  readonly left?: number
  readonly height?: number
  readonly width?: number
  readonly output: unknown
}

const golden = readGolden('image_ops') as {
  readonly image_hwc_uint8: unknown
  readonly mask_hw_uint8: unknown
  readonly cases: readonly GoldenCase[]
}
const bytes = (node: unknown) => Uint8Array.from(parseGoldenTensor(node).data)
const image = { width: 31, height: 23, rgb: bytes(golden.image_hwc_uint8) }
const mask = { width: 31, height: 23, labels: bytes(golden.mask_hw_uint8) }

type Operation = (given: Required<Omit<GoldenCase, 'name' | 'output'>>) => ArrayLike<number>

const operations: Readonly<Record<string, Operation>> = {
  'Resize bilinear (PIL, antialiased by design)': ({ size: [height, width] }) =>
    resizeImage(image, { width, height, filter: 'Bilinear' }).rgb,
  'Resize bicubic (PIL)': ({ size: [height, width] }) =>
    resizeImage(image, { width, height, filter: 'Bicubic' }).rgb,
  'Resize nearest mask (PIL)': ({ size: [height, width] }) =>
    resizeLabels(mask, { width, height, rule: 'Pillow' }).labels,
  'Resize nearest mask tensor (ToTensor first)': ({ size: [height, width] }) =>
    resizeLabels(mask, { width, height, rule: 'Torch' }).labels,
  'resized_crop bilinear': ({ size: [rows, columns], ...box }) =>
    resizeImage(image, { width: columns, height: rows, filter: 'Bilinear', box }).rgb,
  adjust_brightness: ({ factor }) => adjustBrightness(image, factor).rgb,
  adjust_contrast: ({ factor }) => adjustContrast(image, factor).rgb,
  adjust_saturation: ({ factor }) => adjustSaturation(image, factor).rgb,
  adjust_hue: ({ factor }) => adjustHue(image, factor).rgb,
  'grayscale 3 channels': () => toGray(image).rgb,
  'PIL GaussianBlur': ({ radius }) => gaussianBlur(image, radius).rgb,
}

const eightBit = golden.cases.filter(({ name }) => name in operations)

describe('8-bit operations give the bytes of Pillow and torchvision', () => {
  test.each(eightBit.map((given, i) => [`${i} ${given.name}`, given] as const))(
    '%s',
    (_, given) => {
      const output = operations[given.name]?.(given as Required<GoldenCase>)
      expect(Uint8Array.from(output ?? [])).toEqual(bytes(given.output))
    },
  )

  test('all but one of the golden cases are of this kind', () => {
    expect(eightBit).toHaveLength(golden.cases.length - 1)
  })
})

test('normalized levels are those of ToTensor and Normalize, rows 0..3 and columns 0..4', () => {
  const expected = golden.cases.find(({ name }) => name === 'ToTensor+Normalize imagenet')
  const planes = normalizeImage(image)
  const part = [0, 1, 2].flatMap((channel) =>
    [0, 1, 2, 3].flatMap((y) =>
      [0, 1, 2, 3, 4].map((x) => planes[(channel * 23 + y) * 31 + x] ?? Number.NaN),
    ),
  )
  expect(part).toEqual(Array.from(parseGoldenTensor(expected?.output).data))
})

test('resizing to the same size and blurring with radius zero change nothing', () => {
  const same = resizeImage(image, { width: 31, height: 23, filter: 'Bilinear' })
  expect(same.rgb).toEqual(image.rgb)
  expect(gaussianBlur(image, 0).rgb).toEqual(image.rgb)
})

test('a blur wider than the image is near its mean', () => {
  const small = { width: 2, height: 1, rgb: Uint8Array.of(0, 0, 0, 200, 100, 50) }
  const { rgb } = gaussianBlur(small, 30)
  expect(Math.abs((rgb[0] ?? 0) - 100)).toBeLessThan(8)
})
