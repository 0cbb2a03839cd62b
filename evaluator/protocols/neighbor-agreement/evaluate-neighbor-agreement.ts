import type { Dataset } from '../../../vision/datasets/dataset.ts'
import { type ColorStatistics, normalizeImage } from '../../../vision/images/normalize-image.ts'
import { resizeImage } from '../../../vision/images/resize-image.ts'
import type { RgbImage } from '../../../vision/images/rgb-image.ts'
import { randomStream } from '../../../vision/random/random-stream.ts'
import type { Backbone } from '../../../vision/vit/parameters.ts'
import { alignFeatures, drawCropPair, intersectSquares, toGridBox } from '../../core/crop-pair.ts'
import {
  type DotProducts,
  type FeatureRows,
  sliceFeatureRows,
} from '../../core/nearest-neighbors.ts'
import { type NeighborAgreement, neighborAgreement } from '../../core/neighbor-agreement.ts'
import { normalizeFeatureRows } from '../../core/unit-rows.ts'
import { createBackendDotProducts } from '../../features/dot-products.ts'
import { encodeImages } from '../../features/encode-images.ts'
import type { BatchEndCallback, FeatureSource } from '../../features/feature-source.ts'
import type { AgreementHyperparameters } from './hyperparameters.ts'

export interface AgreementTask {
  readonly hyperparameters: AgreementHyperparameters
  readonly normalization: ColorStatistics
  readonly backbone: Backbone
  readonly validation: Dataset
  /** Whole images, one patch of each of which becomes a reference. */
  readonly memory: FeatureSource
  readonly seed: number
  readonly onBatchEnd: BatchEndCallback
}

/**
 * Two fixed crops of each held-out image; the patches of what both show rank one fixed set of
 * reference patches; how far the two rankings agree. The features are the backbone's.
 */
export async function evaluateNeighborAgreement(task: AgreementTask): Promise<NeighborAgreement> {
  const references = await drawReferences(task)
  const backend = createBackendDotProducts()
  const sums = { tau: 0, top1: 0, top5: 0 }
  try {
    for (let imageIndex = 0; imageIndex < task.validation.size; imageIndex++) {
      await task.onBatchEnd()
      const image = await task.validation.image(imageIndex)
      const agreement = computeImageAgreement(task, {
        image,
        imageIndex,
        references,
        dotProducts: backend.dotProducts,
      })
      sums.tau += agreement.tau
      sums.top1 += agreement.top1
      sums.top5 += agreement.top5
    }
  } finally {
    backend.dispose()
  }
  const { size } = task.validation
  return { tau: sums.tau / size, top1: sums.top1 / size, top5: sums.top5 / size }
}

/** One random patch of each of the first images in random order, as unit rows [R, D]. */
async function drawReferences({
  hyperparameters,
  memory,
  seed,
}: AgreementTask): Promise<FeatureRows> {
  const draws = randomStream({ seed, purpose: 'neighbor-references' })
  const wanted = Math.min(hyperparameters.references, memory.imageCount)
  const imageIndices = draws.permutation(memory.imageCount).subarray(0, wanted)
  const patchByImage = new Map(
    Array.from(imageIndices, (imageIndex) => [imageIndex, draws.int(memory.grid ** 2)]),
  )
  const rows: FeatureRows[] = []
  for await (const { first, features, masks } of memory.batches()) {
    masks.forEach((_, index) => {
      const patch = patchByImage.get(first + index)
      if (patch === undefined) return
      const row = index * memory.grid ** 2 + patch
      rows.push(sliceFeatureRows(features, row, row + 1))
    })
  }
  const dim = rows[0]?.dim ?? 0
  const values = Float32Array.from(rows.flatMap((row) => Array.from(row.values)))
  return normalizeFeatureRows({ rows: rows.length, dim, values })
}

function computeImageAgreement(
  task: AgreementTask,
  query: {
    readonly image: RgbImage
    readonly imageIndex: number
    readonly references: FeatureRows
    readonly dotProducts: DotProducts
  },
): NeighborAgreement {
  const { hyperparameters, backbone, seed } = task
  const { width: widthPx, height: heightPx } = query.image
  const draws = randomStream({
    seed,
    purpose: 'neighbor-references',
    indices: [1, query.imageIndex],
  })
  const pair = drawCropPair({ widthPx, heightPx }, hyperparameters.cropShare, draws)
  const common = intersectSquares(pair[0], pair[1])
  if (common === undefined) throw new Error('crops of more than half of the side overlap')
  const grid = { rows: hyperparameters.cropGrid, columns: hyperparameters.cropGrid }
  const sidePx = hyperparameters.cropGrid * backbone.settings.patchSizePx
  const planes = pair.map(({ x: left, y: top, side }) => {
    const box = { left, top, width: side, height: side }
    const size = { width: sidePx, height: sidePx, filter: 'Bilinear', box } as const
    return normalizeImage(resizeImage(query.image, size), task.normalization)
  })
  const features = encodeImages(backbone, planes, sidePx)
  const similarities = pair.map((square, index) => {
    const cropFeatures = sliceFeatureRows(
      features,
      index * grid.rows ** 2,
      (index + 1) * grid.rows ** 2,
    )
    const box = toGridBox(common, square, grid.rows)
    const aligned = alignFeatures(cropFeatures, { grid, box, bins: hyperparameters.bins })
    const queries = { rows: hyperparameters.bins ** 2, dim: features.dim, values: aligned }
    return query.dotProducts(normalizeFeatureRows(queries), query.references)
  })
  const [first = [], second = []] = similarities
  return neighborAgreement({ first, second, references: query.references.rows })
}
