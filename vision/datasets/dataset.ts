import type { LabelMap, RgbImage } from '../images/rgb-image.ts'

/** Pixels of this value belong to no class. */
export const IGNORED_LABEL = 255

export interface SkippedFile {
  readonly file: string
  readonly why: string
}

export interface DatasetClass {
  readonly name: string
  /** Red, green, blue: how a mask of this class is shown. */
  readonly displayColor: readonly [number, number, number]
}

/** A set of images in a fixed order. */
export interface Dataset {
  readonly size: number
  /** Empty where there are no masks. */
  readonly classes: readonly DatasetClass[]
  /** Files that are no images: named, left out, and counted. */
  readonly skipped: readonly SkippedFile[]
  /** SHA-256 over the names and contents of all files used, or over what Scenes are drawn from. */
  readonly manifestDigest: string
  image(index: number): Promise<RgbImage>
  /** Throws DatasetError where the set has no masks. */
  mask(index: number): Promise<LabelMap>
}
