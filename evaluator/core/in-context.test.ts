import { describe, expect, test } from 'vitest'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { transferLabels } from './in-context.ts'
import { computePatchesPerImage, computePatchScores, samplePatches } from './memory-sampling.ts'
import {
  addCandidates,
  type DotProducts,
  emptyNeighbors,
  type FeatureRows,
  findNearestKeys,
  sliceFeatureRows,
} from './nearest-neighbors.ts'
import { computePatchLabels } from './patch-labels.ts'
import { upsampleArgmax } from './resample.ts'
import { normalizeFeatureRows } from './unit-rows.ts'

interface GoldenCase {
  readonly num_images: number
  readonly grid: number
  readonly patch_size: number
  readonly dim: number
  readonly num_classes: number
  readonly n_neighbours: number
  readonly beta: number
  readonly sampled_per_image?: number
  readonly [tensor: string]: unknown
}
const { cases } = readGolden('hummingbird') as { cases: GoldenCase[] }
const named = cases.map(
  (golden) => [golden.sampled_per_image === undefined ? 'all' : 'sampled', golden] as const,
)

const dot: DotProducts = (queries, keys) =>
  Float64Array.from({ length: queries.rows * keys.rows }, (_, place) => {
    const query = Math.floor(place / keys.rows) * queries.dim
    const key = (place % keys.rows) * keys.dim
    let sum = 0
    for (let i = 0; i < keys.dim; i++) {
      sum += (queries.values[query + i] as number) * (keys.values[key + i] as number)
    }
    return sum
  })

const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(Math.abs(a.length - b.length), ...Array.from(a, (x, i) => Math.abs(x - (b[i] ?? 9))))

const readGoldenRows = (node: unknown, dim: number): FeatureRows => {
  const { data } = parseGoldenTensor(node)
  return { rows: data.length / dim, dim, values: data }
}

function computeGoldenLabels(golden: GoldenCase): Float64Array[] {
  const side = golden.grid * golden.patch_size
  const { data } = parseGoldenTensor(golden['gt_masks'])
  return Array.from({ length: golden.num_images }, (_, image) =>
    computePatchLabels(data.subarray(image * side * side, (image + 1) * side * side), {
      widthPx: side,
      heightPx: side,
      patchPx: golden.patch_size,
      classes: golden.num_classes,
    }),
  )
}

describe.each(named)('in-context retrieval, memory of %s patches', (_, golden) => {
  const patches = golden.grid ** 2
  const classes = golden.num_classes

  test('patch labels are the class shares of the mask', () => {
    const expected = parseGoldenTensor(golden['patch_labels']).data
    expect(computeGoldenLabels(golden).flatMap((labels) => Array.from(labels))).toEqual(
      Array.from(expected),
    )
  })

  test('memory holds the unit features and labels of the sampled patches', () => {
    const features = normalizeFeatureRows(readGoldenRows(golden['train_features'], golden.dim))
    const labels = parseGoldenTensor(golden['patch_labels']).data
    const all = Array.from({ length: golden.num_images * patches }, (_, row) => row)
    const kept =
      golden.sampled_per_image === undefined
        ? all
        : Array.from(
            parseGoldenTensor(golden['sampled_indices']).data,
            (patch, i) => patch + patches * Math.floor(i / (golden.sampled_per_image ?? 1)),
          )
    const taken = kept.flatMap((row) => Array.from(sliceFeatureRows(features, row, row + 1).values))
    expect(worst(taken, parseGoldenTensor(golden['memory_features']).data)).toBeLessThan(1e-10)
    const own = kept.flatMap((row) =>
      Array.from(labels.subarray(row * classes, (row + 1) * classes)),
    )
    expect(own).toEqual(Array.from(parseGoldenTensor(golden['memory_labels']).data))
  })

  test('neighbors, soft labels and the upsampled prediction are those of the reference implementation', () => {
    const keys = readGoldenRows(golden['memory_features'], golden.dim)
    const queries = readGoldenRows(golden['query_features'], golden.dim)
    const count = golden.n_neighbours
    const search = findNearestKeys({ queries, keys, count, dotProducts: dot })
    expect(Array.from(search.indices)).toEqual(
      Array.from(parseGoldenTensor(golden['neighbour_indices']).data),
    )
    expect(
      worst(search.similarities, parseGoldenTensor(golden['neighbour_dot_products']).data),
    ).toBeLessThan(1e-10)

    const neighbors = findNearestKeys({
      queries: normalizeFeatureRows(queries),
      keys,
      count,
      dotProducts: dot,
    })
    const label = transferLabels({
      neighbors,
      labels: parseGoldenTensor(golden['memory_labels']).data,
      classes,
      temperature: golden.beta,
    })
    expect(worst(label, parseGoldenTensor(golden['label_hat']).data)).toBeLessThan(1e-10)

    const side = golden.grid * golden.patch_size
    const images = queries.rows / patches
    const predicted = Array.from({ length: images }, (_, image) =>
      Array.from(
        upsampleArgmax(label.subarray(image * patches * classes, (image + 1) * patches * classes), {
          from: { rows: golden.grid, columns: golden.grid },
          to: { rows: side, columns: side },
          channels: classes,
        }),
      ),
    )
    expect(predicted.flat()).toEqual(
      Array.from(parseGoldenTensor(golden['predicted_map_after_bilinear_argmax']).data),
    )
  })
})

describe.each(cases.filter((golden) => golden.sampled_per_image !== undefined))(
  'memory sampling',
  (golden) => {
    const patches = golden.grid ** 2
    const classes = golden.num_classes
    const count = golden.sampled_per_image ?? 0

    test('the recorded draws sample the recorded patches', () => {
      const draws = parseGoldenTensor(golden['uniform_draws_float32']).data
      const scores = computeGoldenLabels(golden).map((labels) =>
        computePatchScores({ labels, classes }),
      )
      const sampled = computeGoldenLabels(golden).map((labels, image) =>
        samplePatches({
          labels,
          classes,
          count,
          draws: draws.subarray(image * patches, (image + 1) * patches),
        }),
      )
      expect(scores.flatMap((own) => Array.from(own))).toEqual(
        Array.from(parseGoldenTensor(golden['patch_scores_before_noise']).data),
      )
      expect(sampled.flatMap((own) => Array.from(own))).toEqual(
        Array.from(parseGoldenTensor(golden['sampled_indices']).data),
      )
    })
  },
)

test('blocks of candidates find what one block finds, the earlier index first among equals', () => {
  const similarities = [0.5, 0.9, 0.5, 0.1, 0.9, 0.7]
  const whole = emptyNeighbors(1, 4)
  addCandidates(whole, { similarities, candidates: 6, firstIndex: 0 })
  const parts = emptyNeighbors(1, 4)
  addCandidates(parts, { similarities: similarities.slice(0, 4), candidates: 4, firstIndex: 0 })
  addCandidates(parts, { similarities: similarities.slice(4), candidates: 2, firstIndex: 4 })
  expect(Array.from(whole.indices)).toEqual([1, 4, 5, 0])
  expect(parts).toEqual(whole)
})

test('the memory is shared out evenly over images and epochs, one patch at least', () => {
  expect([
    computePatchesPerImage({ memorySize: 10_240_000, images: 10_582, augmentationEpochs: 2 }),
    computePatchesPerImage({ memorySize: 10, images: 100, augmentationEpochs: 2 }),
  ]).toEqual([483, 1])
})
