import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core'
import { linear } from '../vision/ops/linear.ts'
import { meanRows } from '../vision/ops/mean-rows.ts'
import { readTensorValues, toTensor, toVariable } from '../vision/ops/tensor-values.ts'
import { randomStream } from '../vision/random/random-stream.ts'
import { buildParameters } from '../vision/vit/build-parameters.ts'
import { forward } from '../vision/vit/forward.ts'
import { initialValues } from '../vision/vit/initial-values.ts'
import { takePatchTokens } from '../vision/vit/patch-tokens.ts'
import { positionWindow } from '../vision/vit/position-matrix.ts'
import type { PretrainSettings } from './pretrain-settings.ts'
import type { Batch } from './training-batch.ts'

/** The backbone's parameters, and those of the linear layer that tells the classes apart. */
export type Classifier = ReadonlyMap<string, Variable>

const HEAD = 'head'

/** A classifier at its first step. */
export function buildClassifier({ backbone, classes, seed }: PretrainSettings): Classifier {
  const weight = `${HEAD}.weight`
  const shape = [classes, backbone.dim]
  const stream = randomStream({ seed, purpose: 'head-weights' })
  return new Map([
    ...buildParameters(backbone, { initSeed: seed }),
    [weight, toVariable(initialValues(weight, shape, stream), shape)],
    [`${HEAD}.bias`, toVariable(new Float32Array(classes), [classes])],
  ])
}

/** The parameters that stay when the pre-training is over. */
export function extractBackbone(classifier: Classifier): Classifier {
  return new Map([...classifier].filter(([name]) => !name.startsWith(HEAD)))
}

/** Scores of the classes from the mean of the patch tokens: [B, classes]. */
export function computeClassScores(
  classifier: Classifier,
  { backbone: settings, windowPx }: PretrainSettings,
  { images, labels, corner }: Batch,
): Tensor {
  const side = windowPx / settings.patchSizePx
  const position = positionWindow(settings.positionGrid, { ...corner, rows: side, columns: side })
  const input = toTensor(images, [labels.length, 3, windowPx, windowPx]) // [B, 3, H, W]
  const { tokens } = forward({ settings, parameters: classifier }, input, { position }) // [B, N, D]
  const mean = meanRows(takePatchTokens(tokens, settings)) // [B, D]
  return linear(mean, {
    weight: classifier.get(`${HEAD}.weight`) as Variable,
    bias: classifier.get(`${HEAD}.bias`),
  })
}

/** How many windows of a batch get their class right. */
export function countCorrect(
  classifier: Classifier,
  settings: PretrainSettings,
  batch: Batch,
): number {
  const scores = tidy(() => computeClassScores(classifier, settings, batch))
  const values = readTensorValues(scores)
  scores.dispose()
  const { classes } = settings
  return batch.labels.reduce((count, label, row) => {
    const own = values.subarray(row * classes, (row + 1) * classes)
    return count + (own.indexOf(Math.max(...own)) === label ? 1 : 0)
  }, 0)
}
