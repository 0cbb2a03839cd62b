import { type Tensor, tidy } from '@tensorflow/tfjs-core'
import { referenceCount } from '../../method/reference-count.ts'
import type { ResultSettings } from '../../method/result-settings.ts'
import { foregroundMask } from '../../vision/images/foreground-mask.ts'
import { toTensor } from '../../vision/ops/tensor-values.ts'
import { type ValueAndGradients, valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { DropPathDraws } from '../../vision/vit/stochastic-depth.ts'
import { alignMask } from './align-mask.ts'
import { alignPairs, type PairAlignment, toDrawOrder } from './crop-pairs.ts'
import { necoLoss, type PairReferences } from './neco-loss.ts'
import { patchFeatures, patchFeaturesWithAttention, type TrainedModel } from './patch-features.ts'
import { type DrawPermutation, drawPairReferences, drawQueueReferences } from './references.ts'
import {
  type ModelVariables,
  selectTrainableVariables,
  type TrainingState,
} from './training-state.ts'
import type { CropStack, ViewBatch } from './view-batch.ts'

/** The random choices of one step. */
export interface StepDraws {
  /** Which teacher patches enter the queue: one order for each global crop. */
  readonly queue: DrawPermutation
  /** Which patches are references: one order or more for each pair, in the order of inDrawOrder. */
  readonly references: DrawPermutation
  /** Stochastic depth of the student for the global and the local crops. */
  readonly dropPath?: { readonly global: DropPathDraws; readonly local: DropPathDraws } | undefined
}

/** Share of the attention that the foreground holds in training. */
const FOREGROUND_MASS = 0.6

/** What the teacher says about a batch. */
interface TeacherFeatures {
  readonly features: Tensor | undefined // [2·B·P, D]; undefined without a teacher of its own
  readonly mask: Uint8Array | undefined // [2·B·P]
}

/**
 * Forward and loss of one step (docs/method.md §1.3 to §1.6): teacher on the global crops, queue update,
 * student on all crops, gradients of the trained parameters. Dispose the gradients after use.
 */
export function computeStepGradients(
  state: TrainingState,
  batch: ViewBatch,
  draws: StepDraws,
): ValueAndGradients {
  const { settings, queue } = state
  const teacher = runTeacher(state, batch)
  if (queue && teacher.features) {
    const { features, mask } = teacher
    queue.push({ features, images: batch.images, mask }, draws.queue)
  }
  const alignment = alignPairs(batch.boxes, buildPairGrids(settings, batch))
  const mask = teacher.mask && alignMask(teacher.mask, alignment.teacher)
  const references = drawReferences(state, { batch, alignment, mask }, draws.references)
  const trained = selectTrainableVariables(settings, state.student)
  const result = valueAndGradients(
    () =>
      tidy(() => {
        const student = studentFeatures(state, batch, draws)
        const ownTeacher = settings.loss.teacher === 'None' ? student.studentGlobal : undefined
        const features = { ...student, teacher: ownTeacher ?? (teacher.features as Tensor) }
        const inputs = { features, alignment, references, mask }
        return necoLoss(inputs, settings.loss, batch.images)
      }),
    trained,
  )
  teacher.features?.dispose()
  return result
}

const toTrainedModel = ({ model }: ResultSettings, variables: ModelVariables): TrainedModel => ({
  settings: model,
  ...variables,
})

const toImageTensor = ({ values, sidePx }: CropStack): Tensor =>
  toTensor(values, [values.length / (3 * sidePx * sidePx), 3, sidePx, sidePx])

/** Without a teacher the student takes its place; outside the tape it is only asked where its values are needed. */
function runTeacher(
  { settings, student, teacher, queue }: TrainingState,
  batch: ViewBatch,
): TeacherFeatures {
  const model = toTrainedModel(settings, teacher ?? student)
  const { patches } = settings.loss
  if (teacher === undefined && queue === undefined && patches === 'All') {
    return { features: undefined, mask: undefined }
  }
  const images = toImageTensor(batch.global)
  const view =
    patches === 'All'
      ? { features: patchFeatures(model, images), mask: undefined }
      : runMaskedTeacher(model, images, patches)
  images.dispose()
  return view
}

function runMaskedTeacher(
  model: TrainedModel,
  images: Tensor,
  patches: 'Foreground' | 'Background',
): TeacherFeatures {
  const { features, attention } = patchFeaturesWithAttention(model, images)
  const perMap = attention.length / (images.shape[0] ?? 1)
  const mask = new Uint8Array(attention.length)
  for (let begin = 0; begin < attention.length; begin += perMap) {
    const map = attention.subarray(begin, begin + perMap)
    const side = Math.sqrt(perMap)
    const foreground = foregroundMask({ side, attention: map, massThreshold: FOREGROUND_MASS })
    mask.set(patches === 'Foreground' ? foreground : foreground.map((one) => 1 - one), begin)
  }
  return { features, mask }
}

function studentFeatures(
  { settings, student }: TrainingState,
  { global, local }: ViewBatch,
  { dropPath }: StepDraws,
) {
  const model = toTrainedModel(settings, student)
  return {
    studentGlobal: patchFeatures(model, toImageTensor(global), dropPath?.global),
    studentLocal:
      local.crops === 0 ? undefined : patchFeatures(model, toImageTensor(local), dropPath?.local),
  }
}

function buildPairGrids({ model, views }: ResultSettings, { global, local }: ViewBatch) {
  const { patchSizePx } = model
  return {
    patchSizePx,
    globalSide: Math.floor(global.sidePx / patchSizePx),
    localSide: Math.floor(local.sidePx / patchSizePx),
    alignedSide: views.alignedGrid,
  }
}

interface ReferenceInputs {
  readonly batch: ViewBatch
  readonly alignment: PairAlignment
  readonly mask: Uint8Array | undefined
}

function drawReferences(
  { settings, queue }: TrainingState,
  { batch, alignment, mask }: ReferenceInputs,
  draw: DrawPermutation,
): PairReferences {
  const { images } = batch
  const { pairs } = alignment
  const cells = settings.views.alignedGrid ** 2
  const rows = images * cells
  const perImage = referenceCount(settings.references, { images, cells })
  const rowsByPair: (Int32Array | undefined)[] = []
  for (const pair of toDrawOrder(pairs)) {
    const g = pairs[pair]?.g ?? 0
    if (queue && queue.entries(g) > 0) {
      const filled = { length: queue.length, entries: queue.entries(g) }
      const drawn = drawQueueReferences(filled, images * perImage, draw)
      rowsByPair[pair] = drawn.map((row) => row + g * queue.length)
      continue
    }
    const own = mask?.subarray(pair * rows, (pair + 1) * rows)
    const drawn = drawPairReferences({ images, cells, mask: own }, settings.references, draw)
    rowsByPair[pair] = drawn?.map((row) => row + pair * rows)
  }
  return { perImage, pool: toReferencePool(settings, queue?.rows), rowsByPair }
}

function toReferencePool(
  { references }: ResultSettings,
  queue: Tensor | undefined,
): PairReferences['pool'] {
  if (queue) return { queue }
  return references.source === 'StudentFraction' ? 'Student' : 'Teacher'
}
