/** What a segmentation protocol found on the validation set. */
export interface SegmentationResult {
  readonly miouPercent: number
  readonly iouPercentByClass: readonly number[]
  /** Class indices [side, side] of the first pictures. */
  readonly predictions: readonly Uint8Array[]
}
