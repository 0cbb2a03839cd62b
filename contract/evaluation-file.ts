import * as z from 'zod'
import { Protocol } from '../method/settings/evaluation.ts'

/**
 * What an evaluator writes once as `evaluations/<key>/result.json`: all that was found under a key.
 */
export const EvaluationFile = z.strictObject({
  schemaVersion: z.literal(1),
  key: z.string(),
  protocols: z.array(Protocol),
  metrics: z.record(z.string(), z.number()),
  classes: z.array(z.string()).describe('classes of the masks, by index.'),
  iouPercentByClass: z
    .record(z.string(), z.array(z.number()))
    .describe('iouPercentByClass holds the IoU of each class for each mIoU among the metrics.'),
  predictions: z
    .strictObject({
      metric: z.string().describe('metric the predictions belong to.'),
      images: z.int().min(1).describe('images, the first of the validation set.'),
      sidePx: z.int().min(1),
      path: z.string().describe('path under the storage: class indices, one image above the next.'),
    })
    .optional(),
  backend: z.string().describe('backend is the identity of the backend that computed.'),
  backboneDigest: z.string(),
})
export type EvaluationFile = z.infer<typeof EvaluationFile>
