import { createHash } from 'node:crypto'
import { grads, type Scalar, type Tensor, tidy } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { adamwStep } from '../../ops/adamw-step.ts'
import { addPosition } from '../../ops/add-position.ts'
import { affine, dot } from '../../ops/arithmetic.ts'
import { attention } from '../../ops/attention.ts'
import { crossEntropyRows } from '../../ops/cross-entropy-rows.ts'
import { emaStep } from '../../ops/ema-step.ts'
import { gatherRows } from '../../ops/gather-rows.ts'
import { layerNorm } from '../../ops/layer-norm.ts'
import { linear } from '../../ops/linear.ts'
import { normalizeRows } from '../../ops/normalize-rows.ts'
import { patchEmbed } from '../../ops/patch-embed.ts'
import { residualScale } from '../../ops/residual-scale.ts'
import { similarity } from '../../ops/similarity.ts'
import { softSortCrossEntropy } from '../../ops/soft-sort-cross-entropy.ts'
import { swiGlu } from '../../ops/swi-glu.ts'
import { readTensorValues, toTensor, toVariable } from '../../ops/tensor-values.ts'
import { startBackend } from '../start-backend.ts'

type Run = (x: Tensor, y: Tensor, z: Tensor) => Tensor

/** Each at a size that is split over threads, with extents that no number of threads divides. */
const kernelRuns: Readonly<Record<string, readonly [shapes: readonly number[][], run: Run]>> = {
  linear: [
    [[601, 61], [83, 61], [83]],
    (x, weight, bias) => linear(x, { weight, bias, activation: 'Gelu' }),
  ],
  patchEmbed: [
    [[7, 3, 92, 92], [20, 3, 4, 4], [20]],
    (x, weight, bias) => patchEmbed(x, { weight, bias }),
  ],
  attention: [[[5, 67, 126]], (qkv) => attention(qkv, { heads: 3 })],
  layerNorm: [
    [[601, 61], [61], [61]],
    (x, gamma, beta) => layerNorm(x, { gamma, beta, eps: 1e-6 }),
  ],
  residualScale: [
    [[7, 150, 61], [7, 150, 61], [61]],
    (x, branch, gamma) => residualScale(x, branch, { gamma }),
  ],
  addPosition: [
    [
      [7, 150, 61],
      [150, 61],
    ],
    addPosition,
  ],
  swiGlu: [
    [
      [601, 61],
      [601, 61],
    ],
    swiGlu,
  ],
  affine: [[[601, 61]], (x) => affine(x, { factor: 0.3, offset: 0.1 })],
  normalizeRows: [[[601, 61]], (x) => normalizeRows(x)],
  gatherRows: [
    [[601, 61]],
    (x) =>
      gatherRows(
        x,
        Int32Array.from({ length: 2003 }, (_, i) => (i * 37) % 601),
      ),
  ],
  euclidean: [
    [
      [3, 49, 61],
      [3, 49, 61],
    ],
    (queries, references) => similarity(queries, references, 'Euclidean'),
  ],
  cosine: [
    [
      [3, 49, 61],
      [3, 49, 61],
    ],
    (queries, references) => similarity(queries, references, 'Cosine'),
  ],
  crossEntropyRows: [
    [[401, 21]],
    (logits) =>
      crossEntropyRows(logits, { labels: Int32Array.from({ length: 401 }, (_, i) => i % 21) }),
  ],
  softSortCrossEntropy: [
    [[101, 13]],
    (student) =>
      softSortCrossEntropy(student, toTensor(waves([101, 13], 1), [101, 13]), {
        ...{ network: 'Bitonic', relaxation: 'Cauchy', lambda: 0.25 },
        ...{ studentSteepness: 10, teacherSteepness: 10, direction: 'Both', reduction: 'Mean' },
        ...{ renormalizeKept: false, epsilon: 0, keptRanks: 0, nearest: 'Last' },
      }),
  ],
}

function waves(shape: readonly number[], phase: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1)
  return Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898 + phase))
}

function hashTensors(tensors: readonly Tensor[]): string {
  const hash = createHash('sha256')
  for (const tensor of tensors) hash.update(readTensorValues(tensor))
  return hash.digest('hex')
}

function hashKernelRun(shapes: readonly number[][], run: Run): string {
  let digest = ''
  tidy(() => {
    const inputs = shapes.map((shape, i) => toTensor(waves(shape, i), shape))
    const apply = (xs: readonly Tensor[]): Tensor => run(...(xs as [Tensor, Tensor, Tensor]))
    const y = apply(inputs)
    const weights = toTensor(waves(y.shape, 9), y.shape)
    const gradients = grads((...xs) => dot(apply(xs), weights) as Scalar)(inputs)
    digest = hashTensors([y, ...gradients])
    return []
  })
  return digest
}

function hashOptimizerStep(): string {
  const [parameter, firstMoment, secondMoment, gradient, teacher] = [0, 1, 2, 3, 4].map((phase) =>
    toVariable(
      waves([40_007], phase).map((x) => (phase === 2 ? x * x : x)),
      [40_007],
    ),
  ) as [Variable, Variable, Variable, Variable, Variable]
  const rates = { learningRate: 1e-3, weightDecay: 0.1 }
  adamwStep([{ parameter, gradient, firstMoment, secondMoment, ...rates }], {
    ...{ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: 3 },
  })
  emaStep(new Map([['a', teacher]]), new Map([['a', parameter]]), 0.9)
  const all = [parameter, firstMoment, secondMoment, gradient, teacher]
  const digest = hashTensors(all)
  for (const variable of all) variable.dispose()
  return digest
}

type Variable = ReturnType<typeof toVariable>

async function digests(threads: number): Promise<Record<string, string>> {
  const backend = await startBackend({ backend: 'wasm', threads })
  try {
    const digestsByKernel = Object.entries(kernelRuns).map(([name, [shapes, run]]) => [
      name,
      hashKernelRun(shapes, run),
    ])
    return { ...Object.fromEntries(digestsByKernel), optimizer: hashOptimizerStep() }
  } finally {
    await backend.close()
  }
}

test('every op gives the same bits on 1, 2 and 3 threads', async () => {
  const alone = await digests(1)
  expect(await digests(2)).toEqual(alone)
  expect(await digests(3)).toEqual(alone)
})
