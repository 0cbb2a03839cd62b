import * as z from 'zod'
import { FileReference } from './file-reference.ts'

export const Architecture = z.enum([
  'Tiny',
  'ViT-S/8',
  'ViT-B/8',
  'ViT-S/14',
  'ViT-B/14',
  'ViT-S/16',
  'ViT-B/16',
])
export type Architecture = z.infer<typeof Architecture>

/** Which family of Vision Transformer the weights belong to (docs/method.md §3). */
export const ViTFamily = z.enum(['DinoV1', 'DinoV2', 'DinoV3'])
export type ViTFamily = z.infer<typeof ViTFamily>

/**
 * How position embeddings reach another grid size: plain bicubic with +0.1, or antialiased to the
 * exact size.
 */
const PositionMode = z.enum(['Plain', 'Antialiased'])

/**
 * Every number that fixes the shape of the backbone. `architecture` names a row of defaults for
 * them.
 */
export const modelShapeFields = {
  family: ViTFamily.describe(
    'family is the family of the backbone, which decides its layers and key names.',
  ),
  dim: z.int32().min(4).max(4096).describe('dim is the width of a token.'),
  depth: z.int32().min(1).max(64).describe('depth is the number of blocks.'),
  heads: z
    .int32()
    .min(1)
    .max(64)
    .describe('heads is the number of attention heads; it divides dim.'),
  patchSizePx: z.int32().min(1).max(64).describe('patchSizePx is the side of a patch in pixels.'),
  mlpRatio: z
    .number()
    .min(0.5)
    .max(16)
    .describe('mlpRatio is hidden width ÷ dim of the feed-forward layers.'),
  feedForward: z.enum(['Mlp', 'SwiGLU']).describe('feedForward is the kind of feed-forward layer.'),
  registers: z
    .int32()
    .min(0)
    .max(16)
    .describe('registers is the number of register tokens; 0 strips those of the weights (XR).'),
  positionGrid: z
    .int32()
    .min(1)
    .max(256)
    .describe(
      'positionGrid is the side of the grid the position embedding was trained on; unused by DinoV3.',
    ),
  positionMode: PositionMode.describe(
    'positionMode is how the position embedding is resized to another grid.',
  ),
  dropPathRate: z
    .number()
    .min(0)
    .max(0.9)
    .describe(
      'dropPathRate is the stochastic depth of the last block of the student; 0 turns it off.',
    ),
}

export const headFields = {
  hiddenDim: z
    .int32()
    .min(1)
    .max(16384)
    .describe('hiddenDim is the hidden width of the projection head.'),
  outputDim: z
    .int32()
    .min(1)
    .max(4096)
    .describe('outputDim is the width of the projected features.'),
  layers: z
    .int32()
    .min(1)
    .max(6)
    .describe('layers is the number of linear layers of the head; 1 is a single linear layer.'),
  teacherHead: z
    .enum(['Independent', 'Copy'])
    .describe(
      'teacherHead says whether the teacher head starts from its own random numbers, as the released code does, or as a copy of the student head.',
    ),
  initialization: z
    .enum(['TruncatedNormal', 'FanIn'])
    .describe(
      'initialization of head weights: truncated normal with deviation 0.02, or with 1/√(input width).',
    ),
}

/** The model half of a resolved run: nothing is left open. */
export const ModelSettings = z.strictObject({
  ...modelShapeFields,
  head: z.strictObject(headFields),
  weights: FileReference.optional(),
  initSeed: z.int32().min(0).describe('initSeed draws what the weights do not hold.'),
})
export type ModelSettings = z.infer<typeof ModelSettings>
