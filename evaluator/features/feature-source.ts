import type { Backbone } from '../../vision/vit/parameters.ts'
import type { FeatureRows } from '../core/nearest-neighbors.ts'
import { encodeImages } from './encode-images.ts'
import type { PreparedSample, SampleTransform } from './sample-transform.ts'

/** Features of a batch of consecutive images. */
export interface FeatureBatch {
  /** Index of the first image, in the order of the source. */
  readonly first: number
  /** [images · grid², D]. */
  readonly features: FeatureRows
  /** Class indices [side, side] of each image. */
  readonly masks: readonly Uint8Array[]
}

/** Features of a set of images, batch by batch; each call goes through all of them again. */
export interface FeatureSource {
  readonly imageCount: number
  readonly sidePx: number
  /** Patches along a side. */
  readonly grid: number
  batches(): AsyncIterable<FeatureBatch>
}

/** Runs between two batches: renews the claim of a long evaluation, and stops it when asked to. */
export type BatchEndCallback = () => Promise<void>

export interface FeatureSourceOptions {
  readonly backbone: Backbone
  readonly imageCount: number
  readonly sidePx: number
  readonly transform: SampleTransform
  /** No batch crosses a multiple of this; no such limit when left out. */
  readonly groupSize?: number
  readonly onBatchEnd: BatchEndCallback
}

/** A batch holds as many images as have about this many patches. */
const BATCH_PATCHES = 4096

/** Encodes images 0 … images − 1 again in every pass. */
export function createFeatureSource(options: FeatureSourceOptions): FeatureSource {
  const { backbone, imageCount, sidePx, transform, onBatchEnd, groupSize = imageCount } = options
  const grid = Math.floor(sidePx / backbone.settings.patchSizePx)
  const size = Math.max(Math.floor(BATCH_PATCHES / (grid * grid)), 1)
  async function* batches(): AsyncGenerator<FeatureBatch> {
    let end = 0
    for (let first = 0; first < imageCount; first = end) {
      await onBatchEnd()
      const groupEnd = (Math.floor(first / groupSize) + 1) * groupSize
      end = Math.min(first + size, groupEnd, imageCount)
      const prepared: PreparedSample[] = []
      for (let index = first; index < end; index++) prepared.push(await transform(index))
      const planes = prepared.map((image) => image.planes)
      yield {
        first,
        features: encodeImages(backbone, planes, sidePx),
        masks: prepared.map(({ mask }) => mask),
      }
    }
  }
  return { imageCount, sidePx, grid, batches }
}

/** The same source, encoded once: later passes give what the first complete one found. */
export function cacheFeatureSource(source: FeatureSource): FeatureSource {
  let complete: readonly FeatureBatch[] | undefined
  async function* batches(): AsyncGenerator<FeatureBatch> {
    if (complete !== undefined) {
      yield* complete
      return
    }
    const cachedBatches: FeatureBatch[] = []
    for await (const batch of source.batches()) {
      cachedBatches.push(batch)
      yield batch
    }
    complete = cachedBatches
  }
  return { ...source, batches }
}

/** Features of all images as one array; for sets that are cached. */
export async function collectFeatures(source: FeatureSource): Promise<FeatureRows> {
  const parts: FeatureRows[] = []
  for await (const { features } of source.batches()) parts.push(features)
  const dim = parts[0]?.dim ?? 0
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const values = new Float32Array(rows * dim)
  let filled = 0
  for (const part of parts) {
    values.set(part.values, filled)
    filled += part.values.length
  }
  return { rows, dim, values }
}
