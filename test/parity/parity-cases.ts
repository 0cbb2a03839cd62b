import type { Tensor } from '@tensorflow/tfjs-core'
import { addPosition } from '../../vision/ops/add-position.ts'
import { add, affine, dot, multiply, sum } from '../../vision/ops/arithmetic.ts'
import { attention } from '../../vision/ops/attention.ts'
import { concatRows } from '../../vision/ops/concat-rows.ts'
import { crossEntropyRows } from '../../vision/ops/cross-entropy-rows.ts'
import { gatherRows } from '../../vision/ops/gather-rows.ts'
import { layerNorm } from '../../vision/ops/layer-norm.ts'
import { linear } from '../../vision/ops/linear.ts'
import { meanRows } from '../../vision/ops/mean-rows.ts'
import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { patchEmbed } from '../../vision/ops/patch-embed.ts'
import { reshape } from '../../vision/ops/reshape.ts'
import { residualScale } from '../../vision/ops/residual-scale.ts'
import { similarity } from '../../vision/ops/similarity.ts'
import { selectionMatrix } from '../../vision/ops/sparse-matrix.ts'
import { sparseRows } from '../../vision/ops/sparse-rows.ts'
import { swiGlu } from '../../vision/ops/swi-glu.ts'
import { toTensor } from '../../vision/ops/tensor-values.ts'
import { concatTokens, expandBatch, sliceTokens } from '../../vision/ops/tokens.ts'
import { exact, few, many, type ParityCase } from './parity-case.ts'
import { sortCases } from './parity-sort-cases.ts'

/** A matrix with empty, single and repeated entries, as in ROI-align. */
const matrix = {
  rows: 5,
  cols: 7,
  indptr: Int32Array.of(0, 3, 3, 4, 8, 9),
  indices: Int32Array.of(0, 2, 6, 5, 1, 1, 3, 4, 6),
  values: Float64Array.of(0.25, -0.5, 1.5, 1, 0.125, 2, -1, 0.75, 3),
}

/** Rotation angles [n, width] by values: fixed, so that every backend makes its own tensors. */
function angles(tokens: number, width: number): { cos: Tensor; sin: Tensor } {
  const angle = (i: number): number => (i < width ? 0 : 0.37 * i)
  const values = (f: (x: number) => number): Float32Array =>
    Float32Array.from({ length: tokens * width }, (_, i) => f(angle(i)))
  return {
    cos: toTensor(values(Math.cos), [tokens, width]),
    sin: toTensor(values(Math.sin), [tokens, width]),
  }
}

const linearCases = [
  [1, 1, 1],
  [5, 7, 9],
  [33, 96, 288],
  [130, 301, 67],
].flatMap(([m = 1, i = 1, o = 1]): ParityCase[] => [
  {
    name: `linear [${m}, ${i}] → ${o}`,
    shapes: [[m, i], [o, i], [o]],
    run: (x, weight, bias) => linear(x, { weight, bias }),
    roundings: many,
  },
  {
    name: `linear with Gelu [1, ${m}, ${i}] → ${o}`,
    shapes: [[1, m, i], [o, i], [o]],
    run: (x, weight, bias) => linear(x, { weight, bias, activation: 'Gelu' }),
    roundings: many,
  },
])

const attentionCases = [
  { batch: 2, tokens: 5, heads: 3, width: 2 },
  { batch: 1, tokens: 65, heads: 2, width: 16 },
  { batch: 1, tokens: 130, heads: 1, width: 6 },
].flatMap(({ batch, tokens, heads, width }): ParityCase[] => [
  {
    name: `attention over ${tokens} tokens, ${heads} heads of ${width}`,
    shapes: [[batch, tokens, 3 * heads * width]],
    run: (qkv) => attention(qkv, { heads }),
    roundings: many,
  },
  {
    name: `attention with rotation over ${tokens} tokens, ${heads} heads of ${width}`,
    shapes: [[batch, tokens, 3 * heads * width]],
    run: (qkv) => attention(qkv, { heads, rotary: angles(tokens, width) }),
    roundings: many,
  },
])

const rowCases = [5, 8, 19, 96].flatMap((d): ParityCase[] => [
  {
    name: `layerNorm of rows of ${d}`,
    shapes: [[3, 30, d], [d], [d]],
    run: (x, gamma, beta) => layerNorm(x, { gamma, beta, eps: 1e-6 }),
    roundings: many,
  },
  {
    name: `residualScale of rows of ${d} with both scales`,
    shapes: [[3, 30, d], [3, 30, d], [d]],
    run: (x, branch, gamma) => residualScale(x, branch, { gamma, sampleScale: [0, 1.25, 0.5] }),
    roundings: many,
  },
  {
    name: `residualScale of rows of ${d} without scales`,
    shapes: [
      [3, 5, d],
      [3, 5, d],
    ],
    run: (x, branch) => residualScale(x, branch, {}),
    roundings: few,
  },
  {
    name: `normalizeRows of ${d}`,
    shapes: [[11, d]],
    run: (x) => normalizeRows(x),
    roundings: few,
  },
  {
    name: `addPosition of rows of ${d}`,
    shapes: [
      [4, 6, d],
      [6, d],
    ],
    run: (x, position) => addPosition(x, position),
    roundings: few,
  },
  {
    name: `sparseRows of rows of ${d}`,
    shapes: [[7, d]],
    run: (x) => sparseRows(x, matrix),
    roundings: few,
  },
])

const similarityCases = (['Cosine', 'CosineDistance', 'Euclidean'] as const).flatMap(
  (kind): ParityCase[] => [
    {
      name: `similarity ${kind} of [2, 9, 13] and [2, 7, 13]`,
      shapes: [
        [2, 9, 13],
        [2, 7, 13],
      ],
      run: (queries, references) => similarity(queries, references, kind),
      roundings: many,
    },
  ],
)

/**
 * Every differentiable op, at simple sizes and at sizes that are no multiple of the vector width.
 */
export const parityCases: readonly ParityCase[] = [
  ...linearCases,
  ...attentionCases,
  ...rowCases,
  ...similarityCases,
  ...sortCases,
  {
    name: 'linear without bias',
    shapes: [
      [6, 10],
      [11, 10],
    ],
    run: (x, weight) => linear(x, { weight }),
    roundings: many,
  },
  {
    name: 'swiGlu',
    shapes: [
      [3, 7],
      [3, 7],
    ],
    run: swiGlu,
    roundings: few,
  },
  {
    name: 'patchEmbed of 9×13 images by patches of 4',
    shapes: [[2, 3, 9, 13], [5, 3, 4, 4], [5]],
    run: (images, weight, bias) => patchEmbed(images, { weight, bias }),
    roundings: many,
  },
  {
    name: 'concatTokens',
    shapes: [
      [2, 1, 3],
      [2, 4, 3],
      [2, 2, 3],
    ],
    run: (a, b, c) => concatTokens([a, b, c]),
    roundings: exact,
  },
  {
    name: 'concatRows',
    shapes: [
      [2, 3],
      [5, 3],
    ],
    run: (a, b) => concatRows([a, b]),
    roundings: exact,
  },
  { name: 'sliceTokens', shapes: [[3, 6, 5]], run: (x) => sliceTokens(x, 2, 3), roundings: exact },
  { name: 'expandBatch', shapes: [[1, 2, 5]], run: (x) => expandBatch(x, 3), roundings: few },
  {
    name: 'gatherRows with a row taken twice',
    shapes: [[5, 6]],
    run: (x) => gatherRows(x, Int32Array.of(4, 0, 4, 2)),
    roundings: few,
  },
  {
    name: 'sparseRows that selects',
    shapes: [[5, 6]],
    run: (x) => sparseRows(x, selectionMatrix(Int32Array.of(1, 3), 5)),
    roundings: exact,
  },
  { name: 'meanRows', shapes: [[3, 7, 5]], run: meanRows, roundings: few },
  { name: 'reshape', shapes: [[3, 4]], run: (x) => reshape(x, [2, 6]), roundings: exact },
  {
    name: 'add',
    shapes: [
      [3, 7],
      [3, 7],
    ],
    run: add,
    roundings: few,
  },
  {
    name: 'multiply',
    shapes: [
      [3, 7],
      [3, 7],
    ],
    run: multiply,
    roundings: few,
  },
  {
    name: 'affine',
    shapes: [[3, 7]],
    run: (x) => affine(x, { factor: -1.5, offset: 2 }),
    roundings: few,
  },
  {
    name: 'dot',
    shapes: [
      [3, 7],
      [3, 7],
    ],
    run: dot,
    roundings: few,
  },
  { name: 'sum', shapes: [[13, 7]], run: sum, roundings: many },
  { name: 'a value used twice', shapes: [[3, 7]], run: (x) => multiply(x, x), roundings: few },
  {
    name: 'crossEntropyRows with labels, ignored rows and smoothing',
    shapes: [[6, 5]],
    run: (logits) =>
      crossEntropyRows(logits, {
        labels: Int32Array.of(0, 4, 255, 2, 2, 255),
        ignore: 255,
        smoothing: 0.1,
      }),
    roundings: few,
  },
  {
    name: 'crossEntropyRows where every row is ignored',
    shapes: [[2, 5]],
    run: (logits) => crossEntropyRows(logits, { labels: Int32Array.of(9, 9), ignore: 9 }),
    roundings: exact,
  },
  {
    name: 'crossEntropyRows with distributions',
    shapes: [[4, 3]],
    run: (logits) => {
      const targets = [0.2, 0.3, 0.5, 1, 0, 0, 0, 0.5, 0.25, 0.1, 0.1, 0.1]
      return crossEntropyRows(logits, { targets: toTensor(targets, [4, 3]) })
    },
    roundings: few,
  },
]
