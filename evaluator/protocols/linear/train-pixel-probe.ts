import { type Tensor, tidy } from '@tensorflow/tfjs-core'
import { resizeLabels } from '../../../vision/images/resize-labels.ts'
import { crossEntropyRows } from '../../../vision/ops/cross-entropy-rows.ts'
import type { SparseMatrix } from '../../../vision/ops/sparse-matrix.ts'
import { sparseRows } from '../../../vision/ops/sparse-rows.ts'
import { assignValues, readTensorValues, toTensor } from '../../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../../vision/ops/value-and-gradients.ts'
import type { RandomStream } from '../../../vision/random/random-stream.ts'
import { interpolationMatrix } from '../../../vision/vit/interpolation-matrix.ts'
import { drawHead, type LinearHead } from '../../core/linear-head.ts'
import { sliceFeatureRows } from '../../core/nearest-neighbors.ts'
import type { FeatureBatch, FeatureSource } from '../../features/feature-source.ts'
import type { PixelProbeHyperparameters } from './hyperparameters.ts'
import { createProbeVariables, type ProbeVariables } from './probe-variables.ts'

export interface PixelProbeTask {
  readonly hyperparameters: PixelProbeHyperparameters
  /** The training images of an epoch, augmented; no batch crosses a multiple of batchSize. */
  readonly createEpochSource: (epoch: number) => FeatureSource
  readonly classes: number
  readonly dim: number
  readonly ignoreLabel: number
  readonly draws: RandomStream
}

type ParameterName = 'weight' | 'bias'

/** Sums over the pixels of a mini-batch that count. */
interface GradientSum {
  readonly weight: Float64Array
  readonly bias: Float64Array
  pixels: number
}

/**
 * Trains a 1×1 convolution on features enlarged to lossSidePx (docs/method.md §4.3). Enlarging and
 * a linear layer commute, so the class scores are enlarged in place of the features.
 */
export async function trainPixelProbe(task: PixelProbeTask): Promise<LinearHead> {
  const { hyperparameters, classes, dim } = task
  const initial = drawHead(classes, dim, task.draws)
  const probe = createProbeVariables(initial)
  const slots = (['weight', 'bias'] as const).map((name) => ({
    name,
    values: initial[name].slice(),
    velocity: new Float64Array(initial[name].length),
  }))
  try {
    for (let epoch = 0; epoch < hyperparameters.epochs; epoch++) {
      const settings = {
        ...hyperparameters,
        learningRate:
          hyperparameters.learningRate * (epoch < hyperparameters.learningRateDropEpoch ? 1 : 0.1),
      }
      await trainEpoch(task, task.createEpochSource(epoch), { probe, slots, settings })
    }
    return probe.head()
  } finally {
    probe.dispose()
  }
}

interface Slot {
  readonly name: ParameterName
  readonly values: Float64Array
  readonly velocity: Float64Array
}

interface ProbeTraining {
  readonly probe: ProbeVariables
  readonly slots: readonly Slot[]
  readonly settings: SgdSettings
}

async function trainEpoch(
  task: PixelProbeTask,
  source: FeatureSource,
  { probe, slots, settings }: ProbeTraining,
): Promise<void> {
  const matrix = interpolationMatrix({
    from: [source.grid, source.grid],
    to: [task.hyperparameters.lossSidePx, task.hyperparameters.lossSidePx],
    filter: 'Bilinear',
  })
  let sum = emptyGradientSum(task)
  for await (const batch of source.batches()) {
    addBatch(task, { probe, source, matrix, batch, sum })
    const done = batch.first + batch.masks.length
    if (done % task.hyperparameters.batchSize !== 0 && done < source.imageCount) continue
    for (const slot of slots) {
      const pixels = Math.max(sum.pixels, 1)
      applySgdStep(
        slot,
        sum[slot.name].map((value) => value / pixels),
        settings,
      )
      const variable = probe.parameters.get(slot.name)
      if (variable !== undefined) assignValues(variable, slot.values)
    }
    sum = emptyGradientSum(task)
  }
}

const emptyGradientSum = ({ classes, dim }: PixelProbeTask): GradientSum => ({
  weight: new Float64Array(classes * dim),
  bias: new Float64Array(classes),
  pixels: 0,
})

interface PixelBatch {
  readonly probe: ProbeVariables
  readonly source: FeatureSource
  readonly matrix: SparseMatrix
  readonly batch: FeatureBatch
  readonly sum: GradientSum
}

/** Adds the gradient of each image, weighted by its pixels that count. */
function addBatch(task: PixelProbeTask, { probe, source, matrix, batch, sum }: PixelBatch): void {
  const patches = source.grid ** 2
  batch.masks.forEach((mask, index) => {
    const labels = lossLabels(task, source, mask)
    const counted = labels.filter((label) => label !== task.ignoreLabel).length
    if (counted === 0) return
    const own = sliceFeatureRows(batch.features, index * patches, (index + 1) * patches)
    const x = toTensor(own.values, [own.rows, own.dim]) // [P, D]
    const loss = (): Tensor =>
      tidy(() => {
        const scores = sparseRows(probe.scores(x), matrix) // [lossSide², C]
        return crossEntropyRows(scores, { labels, ignore: task.ignoreLabel })
      })
    const { gradients } = valueAndGradients(loss, probe.parameters)
    for (const [name, gradient] of gradients) {
      addScaled(sum[name as ParameterName], readTensorValues(gradient), counted)
      gradient.dispose()
    }
    sum.pixels += counted
    x.dispose()
  })
}

function lossLabels(
  { hyperparameters: { lossSidePx } }: PixelProbeTask,
  { sidePx }: FeatureSource,
  mask: Uint8Array,
): Int32Array {
  const map = { width: sidePx, height: sidePx, labels: mask }
  const size = { width: lossSidePx, height: lossSidePx, rule: 'Torch' } as const
  return Int32Array.from(resizeLabels(map, size).labels)
}

function addScaled(sum: Float64Array, values: ArrayLike<number>, factor: number): void {
  for (let i = 0; i < sum.length; i++) {
    sum[i] = (sum[i] as number) + factor * (values[i] as number)
  }
}

interface SgdSettings {
  readonly learningRate: number
  readonly momentum: number
  readonly weightDecay: number
}

/**
 * One step of torch.optim.SGD, in place: velocity ← momentum · velocity + gradient + weightDecay ·
 * values, then values −= learningRate · velocity. The velocity starts at 0.
 */
export function applySgdStep(
  { values, velocity }: { readonly values: Float64Array; readonly velocity: Float64Array },
  gradient: ArrayLike<number>,
  { learningRate, momentum, weightDecay }: SgdSettings,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number
    const speed = momentum * (velocity[i] as number) + (gradient[i] as number) + weightDecay * value
    velocity[i] = speed
    values[i] = value - learningRate * speed
  }
}
