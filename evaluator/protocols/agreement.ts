import type { Dataset } from '../../vision/datasets/dataset.ts'
import { type ColourStatistics, normaliseImage } from '../../vision/images/normalise-image.ts'
import { resizeImage } from '../../vision/images/resize-image.ts'
import type { RgbImage } from '../../vision/images/rgb-image.ts'
import { randomStream } from '../../vision/random/random-stream.ts'
import type { Backbone } from '../../vision/vit/parameters.ts'
import { alignFeatures, boxInGrid, drawCropPair, overlapOf } from '../core/crop-pair.ts'
import { type DotProducts, type FeatureRows, rowsBetween } from '../core/nearest-neighbours.ts'
import { type Agreement, neighbourAgreement } from '../core/neighbour-agreement.ts'
import { unitRows } from '../core/unit-rows.ts'
import { backendDotProducts } from '../features/dot-products.ts'
import { encodePictures } from '../features/encode-pictures.ts'
import type { BetweenBatches, FeatureSource } from '../features/feature-source.ts'
import type { AgreementNumbers } from '../profiles.ts'

export interface AgreementTask {
  readonly numbers: AgreementNumbers
  readonly normalisation: ColourStatistics
  readonly backbone: Backbone
  readonly validation: Dataset
  /** Whole pictures, one patch of each of which becomes a reference. */
  readonly memory: FeatureSource
  readonly seed: number
  readonly between: BetweenBatches
}

/**
 * Two fixed crops of each held-out picture; the patches of what both show rank one fixed set of
 * reference patches; how far the two rankings agree. The features are the backbone's.
 */
export async function measureAgreement(task: AgreementTask): Promise<Agreement> {
  const references = await drawReferences(task)
  const backend = backendDotProducts()
  const sums = { tau: 0, top1: 0, top5: 0 }
  try {
    for (let picture = 0; picture < task.validation.size; picture++) {
      await task.between()
      const image = await task.validation.image(picture)
      const agreement = agreementOf(task, {
        image,
        picture,
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

/** One random patch of each of the first pictures in random order, as unit rows [R, D]. */
async function drawReferences({ numbers, memory, seed }: AgreementTask): Promise<FeatureRows> {
  const draws = randomStream({ seed, purpose: 'neighbor-references' })
  const wanted = Math.min(numbers.references, memory.pictures)
  const pictures = draws.permutation(memory.pictures).subarray(0, wanted)
  const patchOf = new Map(Array.from(pictures, (picture) => [picture, draws.int(memory.grid ** 2)]))
  const rows: FeatureRows[] = []
  for await (const { first, features, masks } of memory.batches()) {
    masks.forEach((_, index) => {
      const patch = patchOf.get(first + index)
      if (patch === undefined) return
      const row = index * memory.grid ** 2 + patch
      rows.push(rowsBetween(features, row, row + 1))
    })
  }
  const dim = rows[0]?.dim ?? 0
  const values = Float32Array.from(rows.flatMap((row) => Array.from(row.values)))
  return unitRows({ rows: rows.length, dim, values })
}

function agreementOf(
  task: AgreementTask,
  work: {
    readonly image: RgbImage
    readonly picture: number
    readonly references: FeatureRows
    readonly dotProducts: DotProducts
  },
): Agreement {
  const { numbers, backbone, seed } = task
  const { width: widthPx, height: heightPx } = work.image
  const draws = randomStream({ seed, purpose: 'neighbor-references', indices: [1, work.picture] })
  const pair = drawCropPair({ widthPx, heightPx }, numbers.cropShare, draws)
  const common = overlapOf(pair[0], pair[1])
  if (common === undefined) throw new Error('crops of more than half of the side overlap')
  const grid = { rows: numbers.cropGrid, columns: numbers.cropGrid }
  const sidePx = numbers.cropGrid * backbone.settings.patchSizePx
  const planes = pair.map(({ x: left, y: top, side }) => {
    const box = { left, top, width: side, height: side }
    const size = { width: sidePx, height: sidePx, filter: 'Bilinear', box } as const
    return normaliseImage(resizeImage(work.image, size), task.normalisation)
  })
  const features = encodePictures(backbone, planes, sidePx)
  const similarities = pair.map((square, index) => {
    const own = rowsBetween(features, index * grid.rows ** 2, (index + 1) * grid.rows ** 2)
    const box = boxInGrid(common, square, grid.rows)
    const aligned = alignFeatures(own, { grid, box, bins: numbers.bins })
    const queries = { rows: numbers.bins ** 2, dim: features.dim, values: aligned }
    return work.dotProducts(unitRows(queries), work.references)
  })
  const [first = [], second = []] = similarities
  return neighbourAgreement({ first, second, references: work.references.rows })
}
