import * as z from 'zod'

/**
 * A set of images, with masks where an evaluation needs them. One object with a kind instead of a
 * union, since a CRD schema is structural.
 */
export const DatasetSettings = z.strictObject({
  kind: z
    .enum(['Scenes', 'ImageFolder', 'Voc'])
    .describe(
      'kind is Scenes (drawn by code, exact masks), ImageFolder (unlabeled), or Voc (VOC layout with palette masks).',
    ),
  volume: z.string().min(1).max(63).optional().describe('volume names the volume that holds path.'),
  path: z.string().min(1).max(1024).optional().describe('path of the folder; not for Scenes.'),
  split: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('split is the list of names to use, for Voc.'),
  masks: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('masks is the folder of the masks, for Voc; SegmentationClass when left out.'),
  classes: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      'classes is a table of class names under path, tab-separated with the columns index and name, for Voc; the 21 of VOC when left out.',
    ),
  firstSeed: z
    .int32()
    .min(0)
    .optional()
    .describe('firstSeed is the seed of the first image, for Scenes.'),
  count: z
    .int32()
    .min(1)
    .max(10_000_000)
    .optional()
    .describe('count limits how many images are used, in order; required for Scenes.'),
})
export type DatasetSettings = z.infer<typeof DatasetSettings>
