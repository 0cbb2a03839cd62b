import { type Tensor, tidy } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goldenNetwork, goldenRelaxation } from '../../test/golden/diffsort-cases.ts'
import { float32Tolerance } from '../../test/golden/float32-tolerances.ts'
import { parseGoldenNumber, parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { relativeDifference } from '../../test/golden/relative-difference.ts'
import { type Backend, startBackend } from '../../vision/backends/start-backend.ts'
import { normalizeRows } from '../../vision/ops/normalize-rows.ts'
import { type SimilarityKind, similarity } from '../../vision/ops/similarity.ts'
import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
import { readTensorValues, toVariable } from '../../vision/ops/tensor-values.ts'
import { valueAndGradients } from '../../vision/ops/value-and-gradients.ts'
import type { SoftSortOptions } from '../../vision/sorting/soft-sort-options.ts'

type Raw = Readonly<Record<string, unknown>>

/** Features in groups, [groups, rows, width]. */
interface Features {
  readonly shape: readonly number[]
  readonly data: Float64Array
}

interface LossCase {
  readonly features: Readonly<Record<'student' | 'teacher' | 'references', Features>>
  readonly kind: SimilarityKind
  readonly options: SoftSortOptions
}

/** The loss from features through the ops, and its gradients for each of them. */
function runLossCase({ features, kind, options }: LossCase) {
  const variables = new Map(
    Object.entries(features).map(([name, { data, shape }]) => [name, toVariable(data, shape)]),
  )
  const unit = (name: string) => {
    const tensor = variables.get(name) as Tensor
    return kind === 'Euclidean' ? tensor : normalizeRows(tensor)
  }
  const { value, gradients } = valueAndGradients(
    () =>
      tidy(() => {
        const references = unit('references')
        const student = similarity(unit('student'), references, kind)
        const teacher = similarity(unit('teacher'), references, kind)
        return softSortCrossEntropy(student, teacher, options)
      }),
    variables,
  )
  const found = new Map(
    [...gradients].map(([name, gradient]) => [name, readTensorValues(gradient)]),
  )
  for (const tensor of [...variables.values(), ...gradients.values()]) tensor.dispose()
  return { loss: value, gradients: found }
}

/** [images, channels, side, side] → [images, side², channels]. */
function imageRows(node: unknown): Features {
  const { shape, data } = parseGoldenTensor(node)
  const [images = 0, channels = 0, height = 0, width = 0] = shape
  const cells = height * width
  const rows = data.map((_, at) => {
    const image = Math.floor(at / (cells * channels))
    const cell = Math.floor(at / channels) % cells
    return data[(image * channels + (at % channels)) * cells + cell] ?? Number.NaN
  })
  return { shape: [images, cells, channels], data: rows }
}

const inOneGroup = (node: unknown): Features => {
  const { shape, data } = parseGoldenTensor(node)
  return { shape: [1, ...shape], data }
}

const toSoftSortOptions = (raw: Raw): SoftSortOptions => ({
  network: goldenNetwork(String(raw['net'])),
  relaxation: goldenRelaxation(String(raw['distribution'])),
  studentSteepness: Number(raw['steepness_student']),
  teacherSteepness: Number(raw['steepness_teacher']),
  references: Number(raw['R']),
  lambda: 0.25,
  keptRanks: 0,
  nearest: 'First',
  direction: 'One',
  reduction: 'Mean',
  renormalizeKept: false,
  epsilon: 0,
})

function readOfficialCase(raw: Raw): LossCase {
  const features = {
    student: imageRows(raw['student']),
    teacher: imageRows(raw['teacher']),
    references: imageRows(raw['reference']),
  }
  const kind = raw['sim_dist'] === 'cosine' ? 'Cosine' : 'Euclidean'
  return { features, kind, options: toSoftSortOptions(raw) }
}

function readPaperCase(raw: Raw): LossCase {
  const features = {
    student: inOneGroup(raw['F_s']),
    teacher: inOneGroup(raw['F_t']),
    references: inOneGroup(raw['F_r']),
  }
  return {
    features,
    kind: 'CosineDistance',
    options: { ...toSoftSortOptions(raw), reduction: 'Sum' },
  }
}

/** The rows of one crop of each image, out of the mask of all six crops. */
function cropMask(masked: Raw, images: number): number[] {
  const { data } = parseGoldenTensor(masked['mask'])
  const cells = data.length / (images * 6)
  const crop = Number(masked['crop_idx'])
  return Array.from({ length: images * cells }, (_, row) => {
    const image = Math.floor(row / cells)
    return data[(image * 6 + crop) * cells + (row % cells)] ?? Number.NaN
  })
}

const official = (readGolden('neco_loss_official_functions') as { cases: Raw[] }).cases
const paper = (readGolden('neco_loss_paper') as { cases: Raw[] }).cases
const paperName = (raw: Raw) =>
  `${raw['net']} ${raw['distribution']} ${raw['steepness_student']}, ${raw['steepness_teacher']}`

interface Expected {
  readonly loss: unknown
  readonly gradients: Readonly<Record<string, Float64Array>>
}

type Limit = (quantity: 'loss' | 'gradient') => number

/** 'within', or how far a loss and its gradients are off and what was allowed. */
function verdict(
  found: ReturnType<typeof runLossCase>,
  { loss, gradients }: Expected,
  limit: Limit,
): unknown {
  const wanted = parseGoldenNumber(loss)
  // A loss that is not finite has no gradient to compare.
  if (!Number.isFinite(wanted)) return Number.isFinite(found.loss) ? found : 'within'
  const errors = Object.entries(gradients).map(([name, gradient]) =>
    relativeDifference(found.gradients.get(name) ?? [], gradient),
  )
  const lossError = Math.abs(found.loss / wanted - 1)
  const worst = Math.max(...errors)
  const isWithin = lossError <= limit('loss') && worst <= limit('gradient')
  return isWithin
    ? 'within'
    : { ofLoss: lossError, worst, limits: [limit('loss'), limit('gradient')] }
}

describe.each(['reference', 'wasm'] as const)(
  'the loss through the ops of the %s backend',
  (name) => {
    let backend: Backend
    beforeAll(async () => {
      backend = await startBackend({ backend: name })
    })
    afterAll(() => backend.close())
    const createLimit =
      (file: string, group: string, exact: number): Limit =>
      (quantity) =>
        name === 'reference' ? exact : float32Tolerance(file, group, quantity)

    test.each(official)('is that of the released functions: R $R, $net, $sim_dist', (raw) => {
      const lossCase = readOfficialCase(raw)
      const group = `R=${raw['R']} ${raw['net']} ${raw['sim_dist']}`
      const limit = createLimit('neco_loss_official_functions', group, 1e-12)
      const gradients = {
        student: imageRows(raw['grad_student']).data,
        references: imageRows(raw['grad_reference']).data,
      }
      expect(verdict(runLossCase(lossCase), { loss: raw['loss'], gradients }, limit)).toBe('within')
      const masked = raw['masked'] as Raw | undefined
      if (masked === undefined) return
      const rowMask = cropMask(masked, Number(raw['bs']))
      const found = runLossCase({ ...lossCase, options: { ...lossCase.options, rowMask } })
      const studentGradients = { student: imageRows(masked['grad_student']).data }
      const expected = { loss: masked['loss'], gradients: studentGradients }
      expect(verdict(found, expected, limit)).toBe('within')
    })

    test.each(paper.map((raw) => [paperName(raw), raw] as const))(
      'is that of the paper: %s',
      (_, raw) => {
        const lossCase = readPaperCase(raw)
        const group = `${raw['distribution']} ${raw['steepness_student']} ${raw['steepness_teacher']}`
        const limit = createLimit('neco_loss_paper', group, 1e-11)
        const expected = (loss: string, key: string, names: Record<string, string>) => ({
          loss: raw[loss],
          gradients: Object.fromEntries(
            Object.entries(names).map(([own, theirs]) => [
              own,
              parseGoldenTensor((raw[key] as Raw)[theirs]).data,
            ]),
          ),
        })
        const detached = { student: 'F_s', references: 'F_r' }
        const variants = [
          [{}, expected('ce_t_to_s_sum', 'grad_one_direction_teacher_detached', detached)],
          [
            { direction: 'Both' },
            expected('paper_loss_sum', 'grad_symmetric_teacher_detached', detached),
          ],
        ] as const
        for (const [options, wanted] of variants) {
          const found = runLossCase({ ...lossCase, options: { ...lossCase.options, ...options } })
          expect(verdict(found, wanted, limit)).toBe('within')
        }
      },
    )
  },
)
