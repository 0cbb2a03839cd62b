import type { ResultSettings } from '../../method/result-settings.ts'
import type { OverlapBoxes } from '../../trainer/core/crop-pairs.ts'
import { createTrainingState, type TrainingState } from '../../trainer/core/training-state.ts'
import { TeacherQueue } from '../../trainer/core/teacher-queue.ts'
import type { ViewBatch } from '../../trainer/core/view-batch.ts'
import type { Box } from '../../trainer/core/views/crop-box.ts'
import { assignValues } from '../../vision/ops/tensor-values.ts'
import { buildMicroRunConfig } from '../fixtures/micro-run-config.ts'
import { parseGoldenTensor, readGolden } from './read-golden.ts'

/** The nested boxes of a golden tensor [first, second, third, 4]. */
export function goldenBoxes(node: unknown): Box[][][] {
  const { shape, data } = parseGoldenTensor(node)
  const [first = 0, second = 0, third = 0] = shape
  return Array.from({ length: first }, (_, i) =>
    Array.from({ length: second }, (_, j) =>
      Array.from({ length: third }, (_, k) => {
        const at = ((i * second + j) * third + k) * 4
        return [...data.subarray(at, at + 4)] as unknown as Box
      }),
    ),
  )
}

/** The overlaps of each image: bboxes_gc [B, 2, crops, 4] and bboxes_all [B, crops, 2, 4]. */
export function goldenOverlaps(gc: unknown, all: unknown): readonly OverlapBoxes[] {
  const inCrop = goldenBoxes(all)
  return goldenBoxes(gc).map((inGlobal, b) => ({ inGlobal, inCrop: inCrop[b] ?? [] }))
}

/** Hands out recorded permutations in their order; a call of another length is an error. */
export function recordedOrders(calls: readonly number[][]): (length: number) => number[] {
  const left = [...calls]
  return (length) => {
    const next = left.shift()
    if (next?.length !== length) throw new Error(`an order of ${length} was not recorded here`)
    return next
  }
}

interface RecordedHyperparameters {
  readonly patch_size: number
  readonly embed_dim: number
  readonly depth: number
  readonly num_heads: number
  readonly mlp_ratio: number
  readonly num_register_tokens: number
  readonly projection_hidden_dim: number
  readonly projection_feat_dim: number
  readonly n_layers_projection_head: number
  readonly size_crops: readonly [number, number]
  readonly nmb_crops: readonly [number, number]
  readonly batch_size: number
  readonly roi_align_kernel_size: number
  readonly steepness: number
  readonly lr_backbone: number
  readonly lr_heads: number
  readonly final_lr: number
  readonly weight_decay: number
  readonly weight_decay_end: number
  readonly momentum_teacher: number
  readonly momentum_teacher_end: number
  readonly max_epochs: number
  readonly train_iters_per_epoch: number
  readonly queue_length: number
  readonly is_queue_usable: boolean
}

interface RecordedStep {
  readonly images_per_crop: unknown[]
  readonly bboxes_gc: unknown
  readonly bboxes_all: unknown
  readonly randperm_calls_in_order: number[][]
  readonly loss: number
  readonly lr: number[]
  readonly weight_decay: number[]
  readonly momentum: number
  readonly student_grads?: Record<string, unknown>
  readonly student_embeddings?: unknown
}

export interface TrainingCase {
  readonly hyper: RecordedHyperparameters
  readonly student_init: Record<string, unknown>
  readonly teacher_init: Record<string, unknown>
  readonly steps: RecordedStep[]
  readonly param_groups: { lr: number; weight_decay: number; params: string[] }[]
  readonly student_final: Record<string, unknown>
  readonly teacher_final_sum_and_sumsq: Record<string, [number, number]>
  readonly teacher_final_some?: Record<string, unknown>
}

export const readTrainingCase = (name: string): TrainingCase =>
  (readGolden(name) as { case: TrainingCase }).case

export function trainingSettings({ hyper }: TrainingCase): ResultSettings {
  const [globalSizePx, localSizePx] = hyper.size_crops
  const source = hyper.is_queue_usable ? 'TeacherQueue' : 'TeacherBatch'
  return buildMicroRunConfig({
    result: {
      model: {
        dim: hyper.embed_dim,
        depth: hyper.depth,
        heads: hyper.num_heads,
        patchSizePx: hyper.patch_size,
        mlpRatio: hyper.mlp_ratio,
        registers: hyper.num_register_tokens,
        positionGrid: globalSizePx / hyper.patch_size,
        head: {
          hiddenDim: hyper.projection_hidden_dim,
          outputDim: hyper.projection_feat_dim,
          layers: hyper.n_layers_projection_head,
        },
      },
      views: {
        localCrops: hyper.nmb_crops[1],
        globalSizePx,
        localSizePx,
        alignedGrid: hyper.roi_align_kernel_size,
      },
      references: {
        source,
        count: hyper.roi_align_kernel_size ** 2,
        queueLength: source === 'TeacherQueue' ? hyper.queue_length : undefined,
      },
      loss: { studentSteepness: hyper.steepness, teacherSteepness: hyper.steepness },
      optimizer: {
        batchSize: hyper.batch_size,
        steps: hyper.max_epochs * hyper.train_iters_per_epoch,
        backboneLearningRate: hyper.lr_backbone,
        headLearningRate: hyper.lr_heads,
        finalLearningRate: hyper.final_lr,
        weightDecay: hyper.weight_decay,
        finalWeightDecay: hyper.weight_decay_end,
        teacherMomentum: hyper.momentum_teacher,
        finalTeacherMomentum: hyper.momentum_teacher_end,
      },
    },
  }).result
}

/** The state before the first recorded step; its queue pointer is that of the released program. */
export function createRecordedTrainingState(one: TrainingCase): TrainingState {
  const settings = trainingSettings(one)
  const state = createTrainingState(settings, {})
  for (const [model, values] of [
    [state.student, one.student_init],
    [state.teacher, one.teacher_init],
  ] as const) {
    if (model === undefined) throw new Error('the recorded training has a teacher')
    for (const [name, variable] of [...model.backbone, ...model.head]) {
      assignValues(variable, parseGoldenTensor(values[name]).data)
    }
  }
  if (state.queue === undefined) return state
  state.queue.close()
  const { queueLength: length = 0 } = settings.references
  const { outputDim: dim } = settings.model.head
  return { ...state, queue: new TeacherQueue({ length, dim, countsBothCrops: true }) }
}

export function recordedBatch({ hyper }: TrainingCase, step: RecordedStep): ViewBatch {
  const stack = (crops: readonly unknown[], sidePx: number) => ({
    values: Float32Array.from(crops.flatMap((crop) => [...parseGoldenTensor(crop).data])),
    crops: crops.length,
    sidePx,
  })
  return {
    images: hyper.batch_size,
    global: stack(step.images_per_crop.slice(0, 2), hyper.size_crops[0]),
    local: stack(step.images_per_crop.slice(2), hyper.size_crops[1]),
    boxes: goldenOverlaps(step.bboxes_gc, step.bboxes_all),
  }
}
