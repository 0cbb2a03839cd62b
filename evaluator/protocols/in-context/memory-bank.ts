import { randomStream } from '../../../vision/random/random-stream.ts'
import { ignoredToBackground } from '../../core/ignore-label.ts'
import { computePatchesPerImage, samplePatches } from '../../core/memory-sampling.ts'
import { type FeatureRows, sliceFeatureRows } from '../../core/nearest-neighbors.ts'
import { computePatchLabels } from '../../core/patch-labels.ts'
import { normalizeFeatureRows } from '../../core/unit-rows.ts'
import type { FeatureSource } from '../../features/feature-source.ts'
import type { InContextHyperparameters } from './hyperparameters.ts'

export interface MemoryBankOptions {
  readonly hyperparameters: InContextHyperparameters
  readonly patchPx: number
  readonly classes: number
  readonly ignoreLabel: number
  readonly seed: number
  /** One source for each augmentation epoch. */
  readonly sources: readonly FeatureSource[]
}

export interface MemoryBank {
  /** Unit features of the patches kept. */
  readonly keys: FeatureRows
  /** Their soft labels [keys, classes]. */
  readonly labels: Float32Array
}

/**
 * The patches that queries are compared with: of each image those whose classes are rare
 * (docs/method.md §4.2).
 */
export async function buildMemoryBank(options: MemoryBankOptions): Promise<MemoryBank> {
  const { classes, sources } = options
  const { imageCount, perImage } = computeMemoryShape(options)
  const labels = new Float32Array(sources.length * imageCount * perImage * classes)
  let values = new Float32Array(0)
  let [rows, dim] = [0, 0]
  for await (const memoryBudget of samplePatchesByImage(options, { imageCount, perImage })) {
    dim = memoryBudget.features.dim
    if (values.length === 0) values = new Float32Array((labels.length / classes) * dim)
    values.set(memoryBudget.features.values, rows * dim)
    labels.set(memoryBudget.labels, rows * classes)
    rows += memoryBudget.features.rows
  }
  const keys = normalizeFeatureRows({ rows, dim, values: values.subarray(0, rows * dim) })
  return { keys, labels: labels.subarray(0, rows * classes) }
}

interface MemoryBankShape {
  readonly imageCount: number
  readonly perImage: number
}

function computeMemoryShape({ hyperparameters, sources }: MemoryBankOptions): MemoryBankShape {
  const { memoryBudget, dropLastBatchSize: batch, augmentationEpochs } = hyperparameters
  const [first] = sources
  const images = first?.imageCount ?? 0
  const imageCount = batch > 0 ? Math.floor(images / batch) * batch : images
  const wanted =
    'patchesPerImage' in memoryBudget
      ? memoryBudget.patchesPerImage
      : computePatchesPerImage({ memorySize: memoryBudget.memorySize, images, augmentationEpochs })
  return { imageCount, perImage: Math.min(wanted, (first?.grid ?? 0) ** 2) }
}

interface SampledPatches {
  readonly features: FeatureRows
  readonly labels: Float64Array
}

async function* samplePatchesByImage(
  options: MemoryBankOptions,
  { imageCount, perImage }: MemoryBankShape,
): AsyncGenerator<SampledPatches> {
  const { classes, patchPx, ignoreLabel, seed, sources } = options
  for (const [epoch, source] of sources.entries()) {
    const patches = source.grid ** 2
    const size = { widthPx: source.sidePx, heightPx: source.sidePx }
    for await (const { first, features, masks } of source.batches()) {
      for (const [index, mask] of masks.entries()) {
        if (first + index >= imageCount) return
        const indices = [epoch, first + index]
        const draws = randomStream({ seed, purpose: 'memory-patches', indices })
        const labels = computePatchLabels(ignoredToBackground(mask, ignoreLabel), {
          ...size,
          patchPx,
          classes,
        })
        const sampled = samplePatches({
          labels,
          classes,
          count: perImage,
          draws: Float64Array.from({ length: patches }, () => draws.uniform()),
        })
        const own = sliceFeatureRows(features, index * patches, (index + 1) * patches)
        const ownLabels = { rows: patches, dim: classes, values: labels }
        yield {
          features: takeFeatureRows(own, sampled),
          labels: takeFeatureRows(ownLabels, sampled).values as Float64Array,
        }
      }
    }
  }
}

function takeFeatureRows({ dim, values }: FeatureRows, picked: Int32Array): FeatureRows {
  const taken = new Float64Array(picked.length * dim)
  picked.forEach((row, place) => {
    taken.set(values.subarray(row * dim, (row + 1) * dim), place * dim)
  })
  return { rows: picked.length, dim, values: taken }
}
