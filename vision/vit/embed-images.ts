import type { Tensor } from '@tensorflow/tfjs-core'
import { addPosition } from '../ops/add-position.ts'
import { patchEmbed } from '../ops/patch-embed.ts'
import { reshape } from '../ops/reshape.ts'
import type { SparseMatrix } from '../ops/sparse-matrix.ts'
import { sparseRows } from '../ops/sparse-rows.ts'
import { concatTokens, expandBatch, sliceTokens } from '../ops/tokens.ts'
import { registersName } from './parameter-shapes.ts'
import { type Backbone, findParameterTensor } from './parameters.ts'
import { positionMatrix } from './position-matrix.ts'

export interface EmbedOptions {
  readonly grid: readonly [rows: number, columns: number]
  readonly position?: SparseMatrix | undefined
}

/**
 * Images [B, 3, H, W] → tokens [B, 1 + registers + patches, D]: patches row-major, class token
 * before them, position added to both (not in DINOv3), and only then the registers after the class
 * token.
 */
export function embedImages(backbone: Backbone, images: Tensor, options: EmbedOptions): Tensor {
  const [batch = 0] = images.shape
  const patches = patchEmbed(images, {
    weight: findParameterTensor(backbone, 'patch_embed.proj.weight'),
    bias: findParameterTensor(backbone, 'patch_embed.proj.bias'),
  }) // [B, P, D]
  const cls = expandBatch(findParameterTensor(backbone, 'cls_token'), batch) // [B, 1, D]
  const tokens = addPositions(backbone, concatTokens([cls, patches]), options) // [B, 1 + P, D]
  const { registers } = backbone.settings
  if (registers === 0) return tokens
  const learned = expandBatch(
    findParameterTensor(backbone, registersName(backbone.settings)),
    batch,
  )
  const [first, rest] = [sliceTokens(tokens, 0, 1), sliceTokens(tokens, 1, patches.shape[1] ?? 0)]
  return concatTokens([first, learned, rest])
}

function addPositions(
  backbone: Backbone,
  tokens: Tensor,
  { grid, position }: EmbedOptions,
): Tensor {
  const { settings } = backbone
  if (settings.family === 'DinoV3') return tokens
  const embedding = findParameterTensor(backbone, 'pos_embed') // [1, 1 + G², D]
  const rows = reshape(embedding, [1 + settings.positionGrid ** 2, settings.dim])
  const matrix = position ?? positionMatrix(settings, grid)
  return addPosition(tokens, matrix === undefined ? rows : sparseRows(rows, matrix))
}
