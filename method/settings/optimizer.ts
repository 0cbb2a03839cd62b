import * as z from 'zod'

const unitInterval = z.number().min(0).max(1)

/** Batch, schedule and optimizer (docs/method.md §1.7). */
export const optimizerFields = {
  algorithm: z
    .enum(['AdamW', 'Adam'])
    .describe(
      'algorithm is AdamW (decoupled weight decay) or Adam (weight decay in the gradient).',
    ),
  batchSize: z.int32().min(1).max(4096).describe('batchSize is the number of images in a step.'),
  epochs: z
    .int32()
    .min(1)
    .max(10_000)
    .describe('epochs over the training images; steps, where given, takes its place.'),
  steps: z
    .int32()
    .min(1)
    .max(100_000_000)
    .optional()
    .describe('steps of training; those of all epochs when left out.'),
  backboneLearningRate: unitInterval.describe(
    'backboneLearningRate is the initial learning rate of the backbone.',
  ),
  headLearningRate: unitInterval.describe(
    'headLearningRate is the initial learning rate of the projection head.',
  ),
  finalLearningRate: unitInterval.describe(
    'finalLearningRate is where the cosine schedule of both rates ends.',
  ),
  weightDecay: unitInterval.describe('weightDecay at the first step.'),
  finalWeightDecay: unitInterval.describe('finalWeightDecay is where its cosine schedule ends.'),
  teacherMomentum: unitInterval.describe(
    'teacherMomentum is the momentum of the EMA teacher at the first step.',
  ),
  finalTeacherMomentum: unitInterval.describe(
    'finalTeacherMomentum is where its cosine schedule ends.',
  ),
  trainableBlocks: z
    .int32()
    .min(1)
    .max(64)
    .optional()
    .describe('trainableBlocks trains only the last blocks; everything when left out.'),
}
export const OptimizerSettings = z.strictObject(optimizerFields)
export type OptimizerSettings = z.infer<typeof OptimizerSettings>
