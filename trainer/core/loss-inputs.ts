import type { Tensor } from '@tensorflow/tfjs-core'
import { referenceCount } from '../../method/reference-count.ts'
import type { ResultSettings } from '../../method/result-settings.ts'
import { foregroundMask } from '../../vision/images/foreground-mask.ts'
import { toTensor } from '../../vision/ops/tensor-values.ts'
import type { DropPathDraws } from '../../vision/vit/stochastic-depth.ts'
import { alignMask } from './align-mask.ts'
import { alignPairs, type PairAlignment, toDrawOrder } from './crop-pairs.ts'
import type { LossInputs, PairReferences } from './neco-loss.ts'
import { patchFeatures, patchFeaturesWithAttention, type TrainedModel } from './patch-features.ts'
import { type DrawPermutation, drawPairReferences, drawQueueReferences } from './references.ts'
import type { ModelVariables, TrainingState } from './training-state.ts'
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

/** The teacher's output for the global crops. */
export interface TeacherFeatures {
  readonly features: Tensor | undefined // [2·B·P, D]; undefined where nothing needs them
  readonly mask: Uint8Array | undefined // [2·B·P]
}

/** Puts the teacher's patches of this batch into the queue, where there is one. */
export function pushToQueue(
  { queue }: TrainingState,
  { images, teacher }: { readonly images: number; readonly teacher: TeacherFeatures },
  draw: DrawPermutation,
): void {
  const { features, mask } = teacher
  if (queue && features) queue.push({ features, images, mask }, draw)
}

/** The patches that are compared: aligned pairs of crops, their mask, and their references. */
export function alignAndDrawReferences(
  state: TrainingState,
  { batch, teacher }: { readonly batch: ViewBatch; readonly teacher: TeacherFeatures },
  draw: DrawPermutation,
): Pick<LossInputs, 'alignment' | 'mask' | 'references'> {
  const alignment = alignPairs(batch.boxes, buildPairGrids(state.settings, batch))
  const mask = teacher.mask && alignMask(teacher.mask, alignment.teacher)
  const references = drawReferences(state, { batch, alignment, mask }, draw)
  return { alignment, mask, references }
}

const toTrainedModel = ({ model }: ResultSettings, variables: ModelVariables): TrainedModel => ({
  settings: model,
  ...variables,
})

const toImageTensor = ({ values, sidePx }: CropStack): Tensor =>
  toTensor(values, [values.length / (3 * sidePx * sidePx), 3, sidePx, sidePx])

/**
 * Forward pass of the teacher on the global crops, without gradients (docs/method.md §1.3). Without
 * a teacher the student takes its place, and runs here only where the queue or the mask needs it.
 */
export function runTeacher(
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

/**
 * Forward pass of the student on all crops (docs/method.md §1.3). A student without a teacher is
 * its own: then its global features are the targets, and gradients flow through them.
 */
export function runStudent(
  { settings, student }: TrainingState,
  { global, local }: ViewBatch,
  { teacher, dropPath }: Pick<StepDraws, 'dropPath'> & { readonly teacher: TeacherFeatures },
): LossInputs['features'] {
  const model = toTrainedModel(settings, student)
  const studentGlobal = patchFeatures(model, toImageTensor(global), dropPath?.global) // [2·B·P, D]
  const studentLocal =
    local.crops === 0 ? undefined : patchFeatures(model, toImageTensor(local), dropPath?.local)
  const ownTeacher = settings.loss.teacher === 'None' ? studentGlobal : undefined
  return { studentGlobal, studentLocal, teacher: ownTeacher ?? (teacher.features as Tensor) }
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
