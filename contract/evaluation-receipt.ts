import * as z from 'zod'

/**
 * What an evaluator writes as `runs/<runKey>/evaluations/<receipt key>.json`: under which keys the
 * results of one evaluation lie, so that it is found without its weights.
 */
export const EvaluationReceipt = z.strictObject({
  schemaVersion: z.literal(1),
  measured: z
    .array(
      z.strictObject({
        key: z.string(),
        at: z.number(),
        figures: z.array(z.string()).describe('figures are paths under the storage.'),
        step: z.int32().min(0),
        totalSteps: z.int32().min(0),
        imagesSeen: z.int().min(0),
      }),
    )
    .min(1)
    .describe('measured holds one entry for each fraction of the schedule.'),
})
export type EvaluationReceipt = z.infer<typeof EvaluationReceipt>
