/** An 8-bit color image. */
export interface RgbImage {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array // [height, width, 3]
}

/** An 8-bit map of labels or gray levels. */
export interface LabelMap {
  readonly width: number
  readonly height: number
  readonly labels: Uint8Array // [height, width]
}
