import { randomStream } from '../../vision/random/random-stream.ts'
import { withoutIgnored } from '../core/background-mask.ts'
import { patchesPerImage, samplePatches } from '../core/memory-sampling.ts'
import { type FeatureRows, rowsBetween } from '../core/nearest-neighbours.ts'
import { patchLabels } from '../core/patch-labels.ts'
import { unitRows } from '../core/unit-rows.ts'
import type { FeatureSource } from '../features/feature-source.ts'
import type { InContextNumbers } from '../profiles.ts'

export interface MemoryOptions {
  readonly numbers: InContextNumbers
  readonly patchPx: number
  readonly classes: number
  readonly ignoreLabel: number
  readonly seed: number
  /** One source for each augmentation epoch. */
  readonly sources: readonly FeatureSource[]
}

export interface Memory {
  /** Unit features of the patches kept. */
  readonly keys: FeatureRows
  /** Their soft labels [keys, classes]. */
  readonly labels: Float32Array
}

/** The patches that queries are compared with: of each picture those whose classes are rare (neco-method §4.2). */
export async function fillMemory(options: MemoryOptions): Promise<Memory> {
  const { classes, sources } = options
  const { pictures, perPicture } = memoryShape(options)
  const labels = new Float32Array(sources.length * pictures * perPicture * classes)
  let values = new Float32Array(0)
  let [rows, dim] = [0, 0]
  for await (const kept of keptPatches(options, { pictures, perPicture })) {
    dim = kept.features.dim
    if (values.length === 0) values = new Float32Array((labels.length / classes) * dim)
    values.set(kept.features.values, rows * dim)
    labels.set(kept.labels, rows * classes)
    rows += kept.features.rows
  }
  const keys = unitRows({ rows, dim, values: values.subarray(0, rows * dim) })
  return { keys, labels: labels.subarray(0, rows * classes) }
}

interface MemoryShape {
  readonly pictures: number
  readonly perPicture: number
}

function memoryShape({ numbers, sources }: MemoryOptions): MemoryShape {
  const { kept, dropIncompleteBatchOf: batch, augmentationEpochs } = numbers
  const [first] = sources
  const images = first?.pictures ?? 0
  const pictures = batch > 0 ? Math.floor(images / batch) * batch : images
  const wanted =
    'patchesPerImage' in kept
      ? kept.patchesPerImage
      : patchesPerImage({ memorySize: kept.memorySize, images, augmentationEpochs })
  return { pictures, perPicture: Math.min(wanted, (first?.grid ?? 0) ** 2) }
}

interface KeptPatches {
  readonly features: FeatureRows
  readonly labels: Float64Array
}

async function* keptPatches(
  options: MemoryOptions,
  { pictures, perPicture }: MemoryShape,
): AsyncGenerator<KeptPatches> {
  const { classes, patchPx, ignoreLabel, seed, sources } = options
  for (const [epoch, source] of sources.entries()) {
    const patches = source.grid ** 2
    const size = { widthPx: source.sidePx, heightPx: source.sidePx }
    for await (const { first, features, masks } of source.batches()) {
      for (const [index, mask] of masks.entries()) {
        if (first + index >= pictures) return
        const indices = [epoch, first + index]
        const draws = randomStream({ seed, purpose: 'memory-patches', indices })
        const labels = patchLabels(withoutIgnored(mask, ignoreLabel), { ...size, patchPx, classes })
        const sampled = samplePatches({
          labels,
          classes,
          count: perPicture,
          draws: Float64Array.from({ length: patches }, () => draws.uniform()),
        })
        const own = rowsBetween(features, index * patches, (index + 1) * patches)
        const ownLabels = { rows: patches, dim: classes, values: labels }
        yield {
          features: takeRows(own, sampled),
          labels: takeRows(ownLabels, sampled).values as Float64Array,
        }
      }
    }
  }
}

function takeRows({ dim, values }: FeatureRows, picked: Int32Array): FeatureRows {
  const taken = new Float64Array(picked.length * dim)
  picked.forEach((row, place) => {
    taken.set(values.subarray(row * dim, (row + 1) * dim), place * dim)
  })
  return { rows: picked.length, dim, values: taken }
}
