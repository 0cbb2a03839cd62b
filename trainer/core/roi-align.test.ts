import { describe, expect, test } from 'vitest'
import { sparseProduct } from '../../test/fixtures/sparse-product.ts'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { relativeDifference } from '../../test/golden/relative-difference.ts'
import { transposeSparse } from '../../vision/ops/sparse-matrix.ts'
import { roiAlign } from './roi-align.ts'
import type { Box } from './views/crop-box.ts'

interface Case {
  readonly name: string
  readonly input: unknown
  readonly boxes_per_image_xyxy: Box[][]
  readonly output_size: number
  readonly spatial_scale: number
  readonly sampling_ratio: number
  readonly aligned: boolean
  readonly output: unknown
  readonly grad_weight: unknown
  readonly grad_input: unknown
}

/** [maps, channels, cells] as rows of features [maps·cells, channels]. */
function toRows(node: unknown): { rows: Float64Array; shape: number[] } {
  const { shape, data } = parseGoldenTensor(node)
  const [maps = 0, channels = 0, height = 0, width = 0] = shape
  const cells = height * width
  const rows = data.map((_, at) => {
    const channel = at % channels
    const cell = Math.floor(at / channels) % cells
    const map = Math.floor(at / (channels * cells))
    return data[(map * channels + channel) * cells + cell] ?? Number.NaN
  })
  return { rows, shape: [maps, channels, height, width] }
}

const { cases } = readGolden('roi_align') as { cases: Case[] }

describe('roi-align', () => {
  test.each(cases)('gives the values and gradients of torchvision: $name', (one) => {
    const input = toRows(one.input)
    const [maps = 0, channels = 0, height = 0, width = 0] = input.shape
    const matrix = roiAlign(
      one.boxes_per_image_xyxy.flatMap((boxes, map) => boxes.map((box) => ({ map, box }))),
      {
        maps,
        height,
        width,
        outputSide: one.output_size,
        spatialScale: one.spatial_scale,
        aligned: one.aligned,
        ...(one.sampling_ratio > 0 && { samplingRatio: one.sampling_ratio }),
      },
    )
    const output = sparseProduct(matrix, input.rows, channels)
    const pulled = transposeSparse(matrix)
    const gradient = sparseProduct(pulled, toRows(one.grad_weight).rows, channels)
    expect(relativeDifference(output, toRows(one.output).rows)).toBeLessThan(1e-13)
    expect(relativeDifference(gradient, toRows(one.grad_input).rows)).toBeLessThan(1e-13)
  })
})
