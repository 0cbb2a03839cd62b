interface SamplingOptions {
  /** Soft labels [patches, classes] of one image. */
  readonly labels: Float64Array
  readonly classes: number
  readonly count: number
  /** Uniform numbers in [0, 1), one for each patch. */
  readonly draws: ArrayLike<number>
}

/**
 * How common the classes of each patch are in its image: the sum, over the classes present, of the
 * number of patches that hold the class (docs/method.md §4.2; golden patch_scores_before_noise).
 */
export function computePatchScores({
  labels,
  classes,
}: Pick<SamplingOptions, 'labels' | 'classes'>): Float64Array {
  const frequency = new Float64Array(classes)
  labels.forEach((share, place) => {
    if (share > 0) frequency[place % classes] = (frequency[place % classes] as number) + 1
  })
  const scores = new Float64Array(labels.length / classes)
  labels.forEach((share, place) => {
    if (share === 0) return
    const patch = Math.floor(place / classes)
    scores[patch] = (scores[patch] as number) + (frequency[place % classes] as number)
  })
  return scores
}

/**
 * The patches of one image that enter the memory: the `count` smallest of score × draw, so that
 * rare classes are favored.
 */
export function samplePatches({ labels, classes, count, draws }: SamplingOptions): Int32Array {
  const scores = computePatchScores({ labels, classes }).map(
    (score, i) => score * (draws[i] as number),
  )
  const order = Array.from(scores, (_, patch) => patch)
  order.sort((a, b) => (scores[a] as number) - (scores[b] as number))
  return Int32Array.from(order.slice(0, count))
}

/** Patches kept of each image so that the memory holds about `memorySize` in all; at least 1. */
export function computePatchesPerImage(options: {
  readonly memorySize: number
  readonly images: number
  readonly augmentationEpochs: number
}): number {
  const { memorySize, images, augmentationEpochs } = options
  return Math.max(Math.floor(memorySize / (images * augmentationEpochs)), 1)
}
