import type { SoftSortSettings } from '../../vision/sorting/soft-sort.ts'
import type { SoftSortOptions } from '../../vision/sorting/soft-sort-options.ts'
import { goldenNetwork, goldenRelaxation, transposeMatrices } from './diffsort-cases.ts'
import { type FeatureRows, featureSimilarity } from './feature-similarity.ts'
import { parseGoldenNumber, parseGoldenTensor, readGolden } from './read-golden.ts'

interface LossResult {
  readonly loss: number
  readonly studentGradient: ArrayLike<number>
}

/** One case of neco_loss_*.json: similarities, and losses with what is expected of each. */
export interface SortLossCase {
  readonly name: string
  /** The group of float32-errors.json. */
  readonly group: string
  readonly references: number
  /** [M, R] */
  readonly student: Float64Array
  /** [M, R] */
  readonly teacher: Float64Array
  readonly losses: readonly {
    readonly name: string
    readonly options: SoftSortOptions
    /** From what the sort gives to the tensors in the order of `expected`. */
    backward(result: LossResult): readonly Float64Array[]
    readonly expected: readonly Float64Array[]
  }[]
  /** Similarities by the plain loops here, and the file's where it has them. */
  readonly similarities: readonly {
    readonly name: string
    readonly found: Float64Array
    readonly expected: Float64Array
  }[]
  readonly permutations: readonly {
    readonly name: string
    readonly similarities: Float64Array
    readonly settings: SoftSortSettings
    /** [M, ranks, inputs] */
    readonly expected: Float64Array
  }[]
}

type Raw = Readonly<Record<string, unknown>>

const plainOptions = {
  lambda: 0.25,
  keptRanks: 0,
  nearest: 'First',
  direction: 'One',
  reduction: 'Sum',
  renormalizeKept: false,
  epsilon: 0,
} as const

export function paperLossCases(): readonly SortLossCase[] {
  return (readGolden('neco_loss_paper') as { cases: readonly Raw[] }).cases.map(paperCase)
}

function paperCase(raw: Raw): SortLossCase {
  const dimension = Number(raw['d'])
  const rows = (name: string): FeatureRows => ({ values: tensor(raw[name]), dimension })
  const ofStudent = featureSimilarity(rows('F_s'), rows('F_r'), 'CosineDistance')
  const ofTeacher = featureSimilarity(rows('F_t'), rows('F_r'), 'CosineDistance')
  const sort = readSortOptions(raw)
  const options: SoftSortOptions = { ...plainOptions, ...sort }
  const both: SoftSortOptions = { ...options, direction: 'Both' }
  const loss = (key: string) => [Float64Array.of(parseGoldenNumber(raw[key]))]
  const gradients = (key: string, names: readonly string[]) =>
    names.map((name) => tensor((raw[key] as Raw)[name]))
  const detached = (result: LossResult) => {
    const pulled = ofStudent.backward(Float64Array.from(result.studentGradient))
    return [pulled.queries, pulled.references]
  }
  return {
    name: `${raw['net']} ${raw['distribution']} β=${raw['steepness_student']},${raw['steepness_teacher']}`,
    group: `${raw['distribution']} ${raw['steepness_student']} ${raw['steepness_teacher']}`,
    references: sort.references,
    student: tensor(raw['D_s']),
    teacher: tensor(raw['D_t']),
    losses: [
      {
        name: 'one direction',
        options,
        backward: (result) => [Float64Array.of(result.loss), ...detached(result)],
        expected: [
          ...loss('ce_t_to_s_sum'),
          ...gradients('grad_one_direction_teacher_detached', ['F_s', 'F_r']),
        ],
      },
      {
        name: 'both directions',
        options: both,
        backward: (result) => [Float64Array.of(result.loss), ...detached(result)],
        expected: [
          ...loss('paper_loss_sum'),
          ...gradients('grad_symmetric_teacher_detached', ['F_s', 'F_r']),
        ],
      },
    ],
    similarities: [
      { name: 'D_s', found: ofStudent.values, expected: tensor(raw['D_s']) },
      { name: 'D_t', found: ofTeacher.values, expected: tensor(raw['D_t']) },
    ],
    permutations: [
      permutation('Q_s', { raw, similarities: tensor(raw['D_s']), settings: readSoftSortSettings(raw, 'student') }),
      permutation('Q_t', { raw, similarities: tensor(raw['D_t']), settings: readSoftSortSettings(raw, 'teacher') }),
    ],
  }
}

export function officialLossCases(): readonly SortLossCase[] {
  const { cases } = readGolden('neco_loss_official_functions') as { cases: readonly Raw[] }
  return cases.map(officialCase)
}

function officialCase(raw: Raw): SortLossCase {
  const batch = Number(raw['bs'])
  const dimension = Number(raw['d'])
  const images = (name: string) => imageRows(raw[name], batch)
  const kind = raw['sim_dist'] === 'cosine' ? 'Cosine' : 'Euclidean'
  const similarities = (name: string) =>
    images(name).map((values, image) =>
      featureSimilarity(
        { values, dimension },
        { values: images('reference')[image] as Float64Array, dimension },
        kind,
      ),
    )
  const ofStudent = similarities('student')
  const student = concatArrays(ofStudent.map(({ values }) => values))
  const teacher = concatArrays(similarities('teacher').map(({ values }) => values))
  const sort = readSortOptions(raw)
  const options: SoftSortOptions = { ...plainOptions, ...sort, reduction: 'Mean' }
  const pull = (result: LossResult) => {
    const size = student.length / batch
    const pulled = ofStudent.map((similarity, image) =>
      similarity.backward(
        Float64Array.from(result.studentGradient).slice(image * size, (image + 1) * size),
      ),
    )
    return {
      loss: Float64Array.of(result.loss),
      student: concatArrays(pulled.map(({ queries }) => queries)),
      references: concatArrays(pulled.map(({ references }) => references)),
    }
  }
  const masked = raw['masked'] as Raw | undefined
  return {
    name: `R=${sort.references} ${raw['net']} ${raw['sim_dist']} β=${raw['steepness_student']}`,
    group: `R=${sort.references} ${raw['net']} ${raw['sim_dist']}`,
    references: sort.references,
    student,
    teacher,
    losses: [
      {
        name: 'all patches',
        options,
        backward: (result) => Object.values(pull(result)),
        expected: [
          Float64Array.of(parseGoldenNumber(raw['loss'])),
          concatArrays(imageRows(raw['grad_student'], batch)),
          concatArrays(imageRows(raw['grad_reference'], batch)),
        ],
      },
      ...(masked
        ? [
            {
              name: 'masked',
              options: { ...options, rowMask: rowMask(masked, batch) },
              backward: (result: LossResult) => [pull(result).loss, pull(result).student],
              expected: [
                Float64Array.of(parseGoldenNumber(masked['loss'])),
                concatArrays(imageRows(masked['grad_student'], batch)),
              ],
            },
          ]
        : []),
    ],
    similarities: [],
    permutations: ['student', 'teacher'].flatMap((name) =>
      raw[`P_${name}`] === undefined
        ? []
        : [
            {
              name: `P_${name}`,
              similarities: name === 'student' ? student : teacher,
              settings: readSoftSortSettings(raw, name),
              // [images, rank, input, patch] → [images, patch, rank, input]
              expected: concatArrays(imageRows(raw[`P_${name}`], batch)),
            },
          ],
    ),
  }
}

/** [images, channels, patches] → for each image [patches, channels]. */
function imageRows(node: unknown, images: number): readonly Float64Array[] {
  const { shape, data } = parseGoldenTensor(node)
  const patches = shape.slice(-2).reduce((a, b) => a * b, 1)
  const size = data.length / images
  const channels = size / patches
  return Array.from({ length: images }, (_, image) =>
    Float64Array.from({ length: size }, (_, at) => {
      const from = (at % channels) * patches + Math.floor(at / channels)
      return data[image * size + from] as number
    }),
  )
}

/** The mask holds images × crops; the loss takes the crop `crop_idx` of each image. */
function rowMask(masked: Raw, images: number): Float64Array {
  const { data } = parseGoldenTensor(masked['mask'])
  const perImage = data.length / images
  const crops = 6
  const patches = perImage / crops
  const crop = Number(masked['crop_idx'])
  return concatArrays(
    Array.from({ length: images }, (_, image) => {
      const begin = image * perImage + crop * patches
      return data.slice(begin, begin + patches)
    }),
  )
}

function permutation(
  key: string,
  of: { raw: Raw; similarities: Float64Array; settings: SoftSortSettings },
): SortLossCase['permutations'][number] {
  const expected = transposeMatrices(tensor(of.raw[key]), Number(of.raw['R']))
  return { name: key, similarities: of.similarities, settings: of.settings, expected }
}

function readSortOptions(raw: Raw) {
  return {
    references: Number(raw['R']),
    network: goldenNetwork(String(raw['net'])),
    relaxation: goldenRelaxation(String(raw['distribution'])),
    studentSteepness: Number(raw['steepness_student']),
    teacherSteepness: Number(raw['steepness_teacher']),
  }
}

function readSoftSortSettings(raw: Raw, whose: string): SoftSortSettings {
  return { ...readSortOptions(raw), lambda: 0.25, steepness: Number(raw[`steepness_${whose}`]) }
}

function tensor(node: unknown): Float64Array {
  return parseGoldenTensor(node).data
}

function concatArrays(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]))
}
