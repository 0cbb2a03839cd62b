import * as z from 'zod'

/** Which patches are the references that every patch ranks (docs/method.md §1.6, §0 #4 and #7). */
export const referencesFields = {
  source: z
    .enum(['TeacherQueue', 'TeacherBatch', 'StudentFraction'])
    .describe(
      'source of the references: a queue of teacher patches, this batch of the teacher, or a fraction of the student batch.',
    ),
  count: z
    .int32()
    .min(2)
    .max(512)
    .optional()
    .describe(
      'count is R, the number of references each patch ranks; not for StudentFraction, where it follows from fraction.',
    ),
  fraction: z
    .number()
    .gt(0)
    .max(1)
    .optional()
    .describe('fraction is f of the paper: R = ⌊f·B·N⌋, one common set; for StudentFraction only.'),
  queueLength: z
    .int32()
    .min(2)
    .max(1_000_000)
    .optional()
    .describe(
      'queueLength is how many vectors the queue of each global crop holds; for TeacherQueue only.',
    ),
  neighbors: z
    .enum(['Inter', 'InterStrict', 'Intra'])
    .describe(
      'neighbors come from anywhere (Inter), from other images only (InterStrict), or from the own image (Intra); the last two are not for TeacherQueue.',
    ),
}
export const ReferencesSettings = z.strictObject(referencesFields)
export type ReferencesSettings = z.infer<typeof ReferencesSettings>
