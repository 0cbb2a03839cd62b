import * as z from 'zod'

const fraction = z.number().min(0).max(1)
const interval = (item: z.ZodNumber) => z.array(item).min(2).max(2)

/** Crops and their augmentation (docs/method.md §1.1). */
export const viewsFields = {
  localCrops: z
    .int32()
    .min(0)
    .max(16)
    .describe('localCrops is the number of local crops beside the two global ones.'),
  globalSizePx: z
    .int32()
    .min(8)
    .max(2048)
    .describe('globalSizePx is the side of a global crop in pixels.'),
  localSizePx: z
    .int32()
    .min(8)
    .max(2048)
    .describe('localSizePx is the side of a local crop in pixels.'),
  globalScale: interval(fraction).describe(
    'globalScale is the range of area fractions of a global crop.',
  ),
  localScale: interval(fraction).describe(
    'localScale is the range of area fractions of a local crop.',
  ),
  aspectRatio: interval(z.number().min(0.1).max(10)).describe(
    'aspectRatio is the range of width ÷ height, drawn log-uniformly.',
  ),
  minIntersection: fraction.describe(
    'minIntersection is the least overlap of crops as a fraction of the image.',
  ),
  alignedGrid: z
    .int32()
    .min(1)
    .max(32)
    .describe(
      'alignedGrid is the side of the grid that ROI-align takes from the overlap of two crops: 7 gives 49 patches a pair.',
    ),
  jitterProbability: fraction.describe('jitterProbability is how often colors are jittered.'),
  jitterStrength: z
    .number()
    .min(0)
    .max(1)
    .describe(
      'jitterStrength scales the color jitter: brightness, contrast and saturation by 0.8 of it, hue by 0.2 of it.',
    ),
  grayscaleProbability: fraction.describe('grayscaleProbability is how often a crop is made gray.'),
  blurProbability: fraction.describe('blurProbability is how often a crop is blurred.'),
  blurRadius: interval(z.number().min(0).max(20)).describe(
    'blurRadius is the range of the Gaussian radius in pixels.',
  ),
}
export const ViewsSettings = z.strictObject(viewsFields)
export type ViewsSettings = z.infer<typeof ViewsSettings>
