import * as z from 'zod'

export const checkpointFields = {
  everySteps: z
    .int32()
    .min(1)
    .max(10_000_000)
    .describe('everySteps is the number of steps between checkpoints.'),
  keep: z.int32().min(1).max(100).describe('keep is how many of the newest checkpoints stay.'),
}
export const CheckpointSettings = z.strictObject(checkpointFields)
export type CheckpointSettings = z.infer<typeof CheckpointSettings>
