import { type Tensor, tidy } from '@tensorflow/tfjs-core'
import type { AttentionOptions } from '../ops/attention.ts'
import type { SparseMatrix } from '../ops/sparse-matrix.ts'
import { toTensor } from '../ops/tensor-values.ts'
import { type BackboneSettings, countPrefixTokens, patchGrid } from './backbone-settings.ts'
import { type BlockOutput, runBlock } from './block.ts'
import { embedImages } from './embed-images.ts'
import { applyLayerNorm, type Backbone } from './parameters.ts'
import { rotaryTable } from './rotary-table.ts'
import type { DropPathDraws } from './stochastic-depth.ts'

export interface ForwardOptions {
  /** Stochastic depth, drawn by `drawDropPath`; none when left out. */
  readonly dropPath?: DropPathDraws
  /**
   * Takes the place of the position matrix of the image's grid: [1 + patches, 1 + positionGrid²].
   */
  readonly position?: SparseMatrix
  /** Also hand out the tokens after every block, and q, k and v of the last. */
  readonly returnIntermediates?: boolean
}

export interface BackboneOutput {
  /** Class token, registers, patches row-major, after the last LayerNorm: [B, N, D]. */
  readonly tokens: Tensor
  /** With keepInner: the tokens after each block, before the last LayerNorm, [B, N, D] each. */
  readonly blocks: readonly Tensor[]
  /** With keepInner: q, k and v of the last block, [B, N, 3D]. */
  readonly lastQkv: Tensor | undefined
}

/**
 * Runs a backbone on normalized images [B, 3, H, W] (docs/method.md §3). The caller owns what comes
 * back; everything else is disposed, but for what a gradient tape keeps.
 */
export function forward(
  backbone: Backbone,
  images: Tensor,
  options: ForwardOptions = {},
): BackboneOutput {
  return tidy(() => {
    const outputs = runBlocks(backbone, images, options)
    const last = outputs.at(-1)
    if (last === undefined) throw new Error('a backbone has at least one block')
    const tokens = applyLayerNorm(backbone, 'norm', last.x) // [B, N, D]
    if (options.returnIntermediates !== true) return { tokens, blocks: [], lastQkv: undefined }
    return { tokens, blocks: outputs.map(({ x }) => x), lastQkv: last.qkv }
  })
}

/** The outputs of all blocks, or of the last one only when no others are asked for. */
function runBlocks(
  backbone: Backbone,
  images: Tensor,
  { dropPath, position, returnIntermediates = false }: ForwardOptions,
): readonly BlockOutput[] {
  const { settings } = backbone
  const [, , heightPx = 0, widthPx = 0] = images.shape
  const grid = patchGrid(settings, { heightPx, widthPx })
  const rotary = rotaryTensors(settings, grid)
  let x = tidy(() => embedImages(backbone, images, { grid, position })) // [B, N, D]
  const outputs: BlockOutput[] = []
  for (let index = 0; index < settings.depth; index++) {
    const input = x
    const scales = dropPath?.[index]
    const keepQkv = returnIntermediates && index === settings.depth - 1
    const output = tidy(() => runBlock(backbone, input, { index, rotary, scales, keepQkv }))
    if (!returnIntermediates) outputs.pop()?.x.dispose()
    outputs.push(output)
    x = output.x
  }
  return outputs
}

/**
 * Cosine and sine of every token of a grid, [N, D ÷ heads]; undefined for families without
 * rotation.
 */
function rotaryTensors(
  settings: BackboneSettings,
  grid: readonly [rows: number, columns: number],
): AttentionOptions['rotary'] {
  if (settings.family !== 'DinoV3') return undefined
  const headWidth = settings.dim / settings.heads
  const table = rotaryTable({ grid, headWidth, leadingTokens: countPrefixTokens(settings) })
  const shape = [table.tokens, headWidth]
  return { cos: toTensor(table.cos, shape), sin: toTensor(table.sin, shape) }
}
