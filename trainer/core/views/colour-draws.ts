import type { ViewsSettings } from '../../../crds/sections/views.ts'
import type { RandomStream } from '../../../vision/random/random-stream.ts'

export const adjustments = ['Brightness', 'Contrast', 'Saturation', 'Hue'] as const
export type Adjustment = (typeof adjustments)[number]

/** One step of a colour jitter: a factor, or a share of the colour circle for the hue. */
interface JitterStep {
  readonly adjustment: Adjustment
  readonly amount: number
}

/** What happens to the colours of one crop, in this order. */
export interface ColourDraws {
  /** Empty when the crop is not jittered. */
  readonly jitter: readonly JitterStep[]
  readonly grey: boolean
  /** Standard deviation in pixels; left out when the crop is not blurred. */
  readonly blurRadiusPx: number | undefined
}

/** Draws the augmentation of one crop (neco-method §1.1): jitter in random order, then grey, then blur. The number of draws is always the same. */
export function drawColours(stream: RandomStream, views: ViewsSettings): ColourDraws {
  const jittered = stream.uniform() < views.jitterProbability
  const order = stream.permutation(adjustments.length)
  const amounts = adjustments.map((adjustment) => drawAmount(stream, adjustment, views))
  const grey = stream.uniform() < views.greyProbability
  const blurred = stream.uniform() < views.blurProbability
  const [least = 0, greatest = 0] = views.blurRadius
  const radius = stream.between(least, greatest)
  const steps = Array.from(order, (index) => ({
    adjustment: adjustments[index] as Adjustment,
    amount: amounts[index] as number,
  }))
  return { jitter: jittered ? steps : [], grey, blurRadiusPx: blurred ? radius : undefined }
}

function drawAmount(
  stream: RandomStream,
  adjustment: Adjustment,
  { jitterStrength }: ViewsSettings,
): number {
  if (adjustment === 'Hue') return stream.between(-0.2 * jitterStrength, 0.2 * jitterStrength)
  return stream.between(Math.max(0, 1 - 0.8 * jitterStrength), 1 + 0.8 * jitterStrength)
}
