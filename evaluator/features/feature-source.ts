import type { Backbone } from '../../vision/vit/parameters.ts'
import type { FeatureRows } from '../core/nearest-neighbours.ts'
import { encodePictures } from './encode-pictures.ts'
import type { PreparedPicture, PreparePicture } from './prepared-picture.ts'

/** Features of some pictures in a row. */
export interface FeatureBatch {
  /** Index of the first picture, in the order of the source. */
  readonly first: number
  /** [pictures · grid², D]. */
  readonly features: FeatureRows
  /** Class indices [side, side] of each picture. */
  readonly masks: readonly Uint8Array[]
}

/** Features of a set of pictures, batch by batch; each call goes through all of them again. */
export interface FeatureSource {
  readonly pictures: number
  readonly sidePx: number
  /** Patches along a side. */
  readonly grid: number
  batches(): AsyncIterable<FeatureBatch>
}

/** What a long evaluation does between two pictures: renew its claim, and stop when it is told to. */
export type BetweenBatches = () => Promise<void>

export interface SourceOptions {
  readonly backbone: Backbone
  readonly pictures: number
  readonly sidePx: number
  readonly prepare: PreparePicture
  /** No batch crosses a multiple of this; no such limit when left out. */
  readonly groupOf?: number
  readonly between: BetweenBatches
}

/** As many pictures go through the backbone at once as have about this many patches. */
const BATCH_PATCHES = 4096

/** Encodes pictures 0 … pictures − 1 anew in every pass. */
export function encodedSource(options: SourceOptions): FeatureSource {
  const { backbone, pictures, sidePx, prepare, between, groupOf = pictures } = options
  const grid = Math.floor(sidePx / backbone.settings.patchSizePx)
  const size = Math.max(Math.floor(BATCH_PATCHES / (grid * grid)), 1)
  async function* batches(): AsyncGenerator<FeatureBatch> {
    let end = 0
    for (let first = 0; first < pictures; first = end) {
      await between()
      const groupEnd = (Math.floor(first / groupOf) + 1) * groupOf
      end = Math.min(first + size, groupEnd, pictures)
      const prepared: PreparedPicture[] = []
      for (let index = first; index < end; index++) prepared.push(await prepare(index))
      const planes = prepared.map((picture) => picture.planes)
      yield {
        first,
        features: encodePictures(backbone, planes, sidePx),
        masks: prepared.map(({ mask }) => mask),
      }
    }
  }
  return { pictures, sidePx, grid, batches }
}

/** The same source, encoded once: later passes give what the first complete one found. */
export function rememberedSource(source: FeatureSource): FeatureSource {
  let complete: readonly FeatureBatch[] | undefined
  async function* batches(): AsyncGenerator<FeatureBatch> {
    if (complete !== undefined) {
      yield* complete
      return
    }
    const found: FeatureBatch[] = []
    for await (const batch of source.batches()) {
      found.push(batch)
      yield batch
    }
    complete = found
  }
  return { ...source, batches }
}

/** Features of all pictures as one array; for sets that were remembered. */
export async function allFeatures(source: FeatureSource): Promise<FeatureRows> {
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
