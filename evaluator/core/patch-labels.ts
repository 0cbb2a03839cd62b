interface LabelOptions {
  readonly widthPx: number
  readonly heightPx: number
  readonly patchPx: number
  readonly classes: number
}

/**
 * The share of each class among the pixels of each patch: mask [height, width] → [rows·columns,
 * classes], patches row-major, rows sum to 1. Pixels past the last whole patch are unused.
 * docs/method.md §4.2; golden hummingbird.json (patch_labels). Throws RangeError on a class too
 * large.
 */
export function computePatchLabels(
  mask: ArrayLike<number>,
  { widthPx, heightPx, patchPx, classes }: LabelOptions,
): Float64Array {
  const columns = Math.floor(widthPx / patchPx)
  const rows = Math.floor(heightPx / patchPx)
  const labels = new Float64Array(rows * columns * classes)
  for (let y = 0; y < rows * patchPx; y++) {
    for (let x = 0; x < columns * patchPx; x++) {
      const label = mask[y * widthPx + x] as number
      if (label >= classes) throw new RangeError(`class ${label} is outside ${classes} classes`)
      const patch = Math.floor(y / patchPx) * columns + Math.floor(x / patchPx)
      labels[patch * classes + label] = (labels[patch * classes + label] as number) + 1
    }
  }
  return labels.map((count) => count / (patchPx * patchPx))
}
