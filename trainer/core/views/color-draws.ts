import type { ViewsSettings } from '../../../method/settings/views.ts'
import type { RandomStream } from '../../../vision/random/random-stream.ts'

export const adjustments = ['Brightness', 'Contrast', 'Saturation', 'Hue'] as const
export type Adjustment = (typeof adjustments)[number]

/** One step of a color jitter: a factor, or a share of the color circle for the hue. */
interface JitterStep {
  readonly adjustment: Adjustment
  readonly amount: number
}

/** What happens to the colors of one crop, in this order. */
export interface ColorDraws {
  /** Empty when the crop is not jittered. */
  readonly jitter: readonly JitterStep[]
  readonly gray: boolean
  /** Standard deviation in pixels; left out when the crop is not blurred. */
  readonly blurRadiusPx: number | undefined
}

/**
 * Draws the augmentation of one crop (docs/method.md §1.1): jitter in random order, then gray, then
 * blur. The number of draws is always the same.
 */
export function drawColors(stream: RandomStream, views: ViewsSettings): ColorDraws {
  const jittered = stream.uniform() < views.jitterProbability
  const order = stream.permutation(adjustments.length)
  const amounts = adjustments.map((adjustment) => drawAmount(stream, adjustment, views))
  const gray = stream.uniform() < views.grayscaleProbability
  const blurred = stream.uniform() < views.blurProbability
  const [least = 0, greatest = 0] = views.blurRadius
  const radius = stream.uniformBetween(least, greatest)
  const steps = Array.from(order, (index) => ({
    adjustment: adjustments[index] as Adjustment,
    amount: amounts[index] as number,
  }))
  return { jitter: jittered ? steps : [], gray, blurRadiusPx: blurred ? radius : undefined }
}

function drawAmount(
  stream: RandomStream,
  adjustment: Adjustment,
  { jitterStrength }: ViewsSettings,
): number {
  if (adjustment === 'Hue')
    return stream.uniformBetween(-0.2 * jitterStrength, 0.2 * jitterStrength)
  return stream.uniformBetween(Math.max(0, 1 - 0.8 * jitterStrength), 1 + 0.8 * jitterStrength)
}
