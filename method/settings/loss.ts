import * as z from 'zod'

export const Relaxation = z.enum([
  'Logistic',
  'LogisticPhi',
  'Cauchy',
  'Gaussian',
  'Optimal',
  'Reciprocal',
])
export type Relaxation = z.infer<typeof Relaxation>
export const SortingNetwork = z.enum(['Bitonic', 'OddEven'])
export type SortingNetwork = z.infer<typeof SortingNetwork>

const steepness = z.number().gt(0).max(1e6)

/** The loss and its named options (docs/method.md §0 and §2). */
export const lossFields = {
  objective: z
    .enum(['NeighborOrder', 'ShuffledOrder', 'CosineConsistency'])
    .describe(
      'objective is NeighborOrder (NeCo), or one of two controls: the order of another image, or plain cosine consistency of the same patches.',
    ),
  studentSteepness: steepness.describe(
    'studentSteepness is β of the sorting network of the student.',
  ),
  teacherSteepness: steepness.describe(
    'teacherSteepness is β of the sorting network of the teacher.',
  ),
  network: SortingNetwork.describe('network is the sorting network.'),
  relaxation: Relaxation.describe('relaxation is f, the soft comparison.'),
  lambda: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('lambda is the exponent of LogisticPhi; for no other relaxation.'),
  similarity: z
    .enum(['Cosine', 'CosineDistance', 'Euclidean'])
    .describe(
      'similarity that is sorted, ascending: cosine (the nearest is last), 1 − cosine, or Euclidean distance (the nearest is first).',
    ),
  direction: z
    .enum(['One', 'Both'])
    .describe('direction: teacher to student only, or both summed.'),
  reduction: z
    .enum(['Mean', 'Sum'])
    .describe(
      'reduction over patches and references: mean as the released code, or sum as the paper.',
    ),
  keptNeighbors: z
    .int32()
    .min(1)
    .max(512)
    .optional()
    .describe(
      'keptNeighbors is K: only the K nearest ranks enter the loss; all R of them when left out.',
    ),
  renormalizeKept: z
    .boolean()
    .optional()
    .describe('renormalizeKept divides the kept columns by their sum; needs keptNeighbors.'),
  epsilon: z
    .number()
    .min(0)
    .max(0.1)
    .describe('epsilon is added inside the logarithm; 0 is the exact official value.'),
  patches: z.enum(['All', 'Foreground', 'Background']).describe('patches that enter the loss.'),
  teacher: z
    .enum(['Ema', 'None'])
    .describe('teacher is the EMA of the student, or none (the student is its own teacher).'),
}
export const LossSettings = z.strictObject(lossFields)
export type LossSettings = z.infer<typeof LossSettings>
