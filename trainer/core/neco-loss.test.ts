import { type Tensor, tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LossSettings } from '../../method/settings/loss.ts'
import { buildMicroRunConfig } from '../../test/fixtures/micro-run-config.ts'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { relativeDifference } from '../../test/golden/relative-difference.ts'
import { goldenBoxes, goldenOverlaps, recordedOrders } from '../../test/golden/trainer-cases.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import { readTensorValues, toTensor, toVariable } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import { alignMask } from './align-mask.ts'
import { alignPairs, type PairAlignment, toDrawOrder } from './crop-pairs.ts'
import { necoLoss, type PairReferences } from './neco-loss.ts'
import { drawPairReferences, drawQueueReferences } from './references.ts'
import { roiAlign } from './roi-align.ts'
import { TeacherQueue } from './teacher-queue.ts'
import type { Box } from './views/crop-box.ts'

interface Case {
  readonly name: string
  readonly bs: number
  readonly d: number
  readonly patch_size: number
  readonly gc_spatial_res: number
  readonly lc_spatial_res: number
  readonly roi_kernel: number
  readonly net: string
  readonly steepness: number
  readonly queue_length?: number
  readonly entries_in_queue_after_second?: number
  readonly randperm_calls_in_update?: number[][]
  readonly randperm_calls_in_loss_in_order: number[][]
  readonly loss: number
  readonly [tensor: string]: unknown
}

function buildGoldenAlignment(one: Case): PairAlignment {
  const images = goldenOverlaps(one['bboxes_gc'], one['bboxes_all'])
  return alignPairs(images, {
    patchSizePx: one.patch_size,
    globalSide: one.gc_spatial_res,
    localSide: one.lc_spatial_res,
    alignedSide: one.roi_kernel,
  })
}

/**
 * The released program masks its references with the rows of other images and crops: it reads the
 * aligned masks of one global crop, which lie image by image, as if they lay crop by crop.
 */
function maskAsReleased(one: Case, hard: ArrayLike<number>): Uint8Array {
  const cells = one.roi_kernel ** 2
  const { pairs } = buildGoldenAlignment(one)
  const crops = pairs.length / 2 + 1
  const released = new Uint8Array(pairs.length * one.bs * cells)
  const side = one.gc_spatial_res
  const roiAlignOptions = {
    maps: 2 * one.bs,
    height: side,
    width: side,
    outputSide: one.roi_kernel,
  }
  pairs.forEach(({ g }, pair) => {
    const boxes = goldenBoxes(one['bboxes_gc']).flatMap((byGlobal, image) =>
      (byGlobal[g] ?? []).map((box) => ({
        map: g * one.bs + image,
        box: box.map((edge) => edge / one.patch_size) as unknown as Box,
      })),
    )
    expect(boxes.length).toBe(one.bs * crops)
    const aligned = alignMask(hard, roiAlign(boxes, roiAlignOptions)) // [B·crops·cells]
    const from = g * one.bs * cells
    released.set(aligned.subarray(from, from + one.bs * cells), pair * one.bs * cells)
  })
  return released
}

interface GoldenReferenceInputs {
  readonly alignment: PairAlignment
  readonly mask: Uint8Array | undefined
  readonly queue: TeacherQueue | undefined
}

function buildGoldenReferences(
  one: Case,
  { alignment, mask, queue }: GoldenReferenceInputs,
): PairReferences {
  const cells = one.roi_kernel ** 2
  const draw = recordedOrders(one.randperm_calls_in_loss_in_order)
  const rowsByPair: (Int32Array | undefined)[] = []
  for (const pair of toDrawOrder(alignment.pairs)) {
    const offset = queue ? (alignment.pairs[pair]?.g ?? 0) * queue.length : pair * one.bs * cells
    const own = mask?.subarray(pair * one.bs * cells, (pair + 1) * one.bs * cells)
    const rows = queue
      ? drawQueueReferences(
          { length: queue.length, entries: queue.entries(alignment.pairs[pair]?.g ?? 0) },
          one.bs * cells,
          draw,
        )
      : drawPairReferences(
          { images: one.bs, cells, mask: own },
          { source: 'TeacherBatch', count: cells, neighbors: 'Inter' },
          draw,
        )
    rowsByPair[pair] = rows?.map((row) => row + offset)
  }
  return { perImage: cells, pool: queue ? { queue: queue.rows } : 'Teacher', rowsByPair }
}

const { cases } = readGolden('neco_knn_loss_full') as { cases: Case[] }
const toLossSettings = (one: Case): LossSettings => ({
  ...buildMicroRunConfig().result.loss,
  network: one.net === 'bitonic' ? 'Bitonic' : 'OddEven',
  studentSteepness: one.steepness,
  teacherSteepness: one.steepness,
})

function filledQueue(one: Case): TeacherQueue | undefined {
  if (one.queue_length === undefined) return undefined
  const queue = new TeacherQueue({ length: one.queue_length, dim: one.d, countsBothCrops: true })
  const draw = recordedOrders(one.randperm_calls_in_update ?? [])
  const mask = one['attn_hard'] ? parseGoldenTensor(one['attn_hard']).data : undefined
  for (const name of ['previous_teacher_gc_emb', 'teacher_gc_emb']) {
    const { data, shape } = parseGoldenTensor(one[name])
    const features = toTensor(data, shape)
    queue.push({ features, images: one.bs, mask }, draw)
    features.dispose()
  }
  return queue
}

/**
 * The mask of the loss. In the case without a queue one cell whose samples all lie on 1 adds up to
 * 1 − 1.1e-16 in the released program, and so is left out there: pair (0, 3), image 0, cell 1.
 */
function lossMask(one: Case, hard: ArrayLike<number>, alignment: PairAlignment): Uint8Array {
  const mask = alignMask(hard, alignment.teacher)
  if (one.queue_length !== undefined) return mask
  const pair = alignment.pairs.findIndex(({ g, v }) => g === 0 && v === 3)
  const cell = pair * one.bs * one.roi_kernel ** 2 + 1
  expect(mask[cell]).toBe(1)
  mask[cell] = 0
  return mask
}

const GRADIENTS = {
  student_gc_emb: 'grad_student_gc',
  student_lc_emb: 'grad_student_lc',
  teacher_gc_emb: 'grad_teacher_gc_through_references',
}

/**
 * The worst relative difference among the gradients; one that should not be there is infinitely
 * wrong.
 */
function worstGradients(one: Case, gradients: ReadonlyMap<string, Tensor>): number {
  const differences = Object.entries(GRADIENTS).map(([name, golden]) => {
    const gradient = gradients.get(name)
    if (!one[golden]) return gradient === undefined ? 0 : Number.POSITIVE_INFINITY
    return relativeDifference(
      gradient ? readTensorValues(gradient) : [],
      parseGoldenTensor(one[golden]).data,
    )
  })
  return Math.max(...differences)
}

describe('the NeCo loss', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await startBackend({ backend: 'reference' })
  })
  afterAll(() => backend.close())

  test.each(cases)('is that of the released program: $name', (one) => {
    const alignment = buildGoldenAlignment(one)
    const hard = one['attn_hard'] ? parseGoldenTensor(one['attn_hard']).data : undefined
    const mask = hard && lossMask(one, hard, alignment)
    const queue = filledQueue(one)
    const references = buildGoldenReferences(one, {
      alignment,
      queue,
      mask: hard && !queue ? maskAsReleased(one, hard) : undefined,
    })
    const variables = new Map(
      ['student_gc_emb', 'student_lc_emb', 'teacher_gc_emb'].map((name) => {
        const { data, shape } = parseGoldenTensor(one[name])
        return [name, toVariable(data, shape)]
      }),
    )
    const features = {
      studentGlobal: variables.get('student_gc_emb') as Tensor,
      studentLocal: variables.get('student_lc_emb') as Tensor,
      teacher: variables.get('teacher_gc_emb') as Tensor,
    }
    const { value, gradients } = valueAndGradients(
      () =>
        tidy(() =>
          necoLoss({ features, alignment, references, mask }, toLossSettings(one), one.bs),
        ),
      variables,
    )
    if (queue) {
      const rows = parseGoldenTensor(one['queue']).data
      expect(relativeDifference(readTensorValues(queue.rows), rows)).toBeLessThan(1e-12)
      expect(queue.entries(0)).toBe(one.entries_in_queue_after_second)
      queue.close()
    }
    expect(Math.abs(value - one.loss) / one.loss).toBeLessThan(1e-12)
    expect(worstGradients(one, gradients)).toBeLessThan(1e-12)
  })
})
