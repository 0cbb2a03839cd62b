import { referenceCount } from './reference-count.ts'
import type { ResultSettings } from './result-settings.ts'

/** A setting that cannot be obeyed, by its path in the settings. */
export interface SettingsProblem {
  readonly path: string
  readonly message: string
}

/** What the caller knows beside the settings. */
export interface SettingsFacts {
  /** Training images that were found. */
  readonly dataSize?: number | undefined
}

type Rule = (settings: ResultSettings, facts: SettingsFacts) => readonly SettingsProblem[]

/** The most references that the kernels rank. */
const MAX_REFERENCES = 512

const problem = (path: string, message: string): SettingsProblem => ({ path, message })

/** One problem where the condition is true. */
const problemIf = (
  isProblem: boolean,
  path: string,
  message: string,
): readonly SettingsProblem[] => (isProblem ? [problem(path, message)] : [])

const countCells = ({ views }: ResultSettings): number => views.alignedGrid ** 2

const hasForeignQueue = ({ references: { source, neighbors } }: ResultSettings): boolean =>
  source === 'TeacherQueue' && neighbors !== 'Inter'

/** A queue holds patches of images that are gone, so it cannot tell own from other images. */
const findSourceProblems: Rule = (settings) =>
  problemIf(
    hasForeignQueue(settings),
    'references.source',
    `TeacherQueue does not know the image of a patch, which neighbors ${settings.references.neighbors} needs: set references.source to TeacherBatch or StudentFraction`,
  )

/** The fields of references that belong to some sources only. */
const SOURCES_BY_FIELD = {
  count: ['TeacherQueue', 'TeacherBatch'],
  fraction: ['StudentFraction'],
  queueLength: ['TeacherQueue'],
} as const satisfies Partial<
  Record<keyof ResultSettings['references'], readonly ResultSettings['references']['source'][]>
>

/** The fields of references that a source reads, and those that it does not. */
export function sortReferenceFields(source: ResultSettings['references']['source']): {
  readonly used: readonly (keyof typeof SOURCES_BY_FIELD)[]
  readonly unused: readonly (keyof typeof SOURCES_BY_FIELD)[]
} {
  const fields = Object.keys(SOURCES_BY_FIELD) as (keyof typeof SOURCES_BY_FIELD)[]
  const isUsed = (field: keyof typeof SOURCES_BY_FIELD) =>
    (SOURCES_BY_FIELD[field] as readonly string[]).includes(source)
  return { used: fields.filter(isUsed), unused: fields.filter((field) => !isUsed(field)) }
}

const findReferenceFieldProblems: Rule = ({ references }) => {
  const { used, unused } = sortReferenceFields(references.source)
  return [
    ...used
      .filter((field) => references[field] === undefined)
      .map((field) =>
        problem(`references.${field}`, `source ${references.source} needs references.${field}`),
      ),
    ...unused
      .filter((field) => references[field] !== undefined)
      .map((field) =>
        problem(
          `references.${field}`,
          `source ${references.source} does not use it, only ${SOURCES_BY_FIELD[field].join(' and ')}: leave it out, or set references.source`,
        ),
      ),
  ]
}

/** How many rows the references may come from. */
function describeReferencePool(settings: ResultSettings): {
  readonly rows: number
  readonly description: string
} {
  const { references, optimizer } = settings
  const cells = countCells(settings)
  const images = optimizer.batchSize
  if (references.source === 'TeacherQueue') {
    return { rows: references.queueLength ?? 0, description: 'references.queueLength' }
  }
  if (references.neighbors === 'Intra') {
    const description = `the ${cells} patches of the own image (views.alignedGrid²)`
    return { rows: cells, description }
  }
  if (references.neighbors === 'InterStrict') {
    const rows = (images - 1) * cells
    const size = 'batchSize − 1 times views.alignedGrid²'
    return { rows, description: `the ${rows} patches of the other images (${size})` }
  }
  return { rows: images * cells, description: `the ${images * cells} patches of the batch` }
}

const findReferenceCountProblems: Rule = (settings) => {
  const { references, optimizer, loss } = settings
  const fieldProblems = findReferenceFieldProblems(settings, {})
  if (hasForeignQueue(settings) || fieldProblems.length > 0) return fieldProblems
  const path = references.source === 'StudentFraction' ? 'references.fraction' : 'references.count'
  const count = referenceCount(references, {
    images: optimizer.batchSize,
    cells: countCells(settings),
  })
  const { rows, description } = describeReferencePool(settings)
  if (count > rows) {
    return [problem(path, `${count} references are more than ${description}; lower ${path}`)]
  }
  if (count < 2 || count > MAX_REFERENCES) {
    const range = `R must be from 2 to ${MAX_REFERENCES}`
    return [problem(path, `gives R = ⌊f·B·N⌋ = ${count}, but ${range}; change ${path}`)]
  }
  const { keptNeighbors = 0 } = loss
  return problemIf(
    keptNeighbors > count,
    'loss.keptNeighbors',
    `K = ${keptNeighbors} is more than the ${count} references`,
  )
}

const findLossProblems: Rule = ({
  loss: { relaxation, lambda, keptNeighbors, renormalizeKept },
}) => {
  const hasExponent = relaxation === 'LogisticPhi'
  return [
    ...problemIf(
      hasExponent && lambda === undefined,
      'loss.lambda',
      'relaxation LogisticPhi needs loss.lambda',
    ),
    ...problemIf(
      !hasExponent && lambda !== undefined,
      'loss.lambda',
      `relaxation ${relaxation} does not use it, only LogisticPhi: leave it out, or set loss.relaxation`,
    ),
    ...problemIf(
      renormalizeKept === true && keptNeighbors === undefined,
      'loss.renormalizeKept',
      'has no effect where every rank is kept: set loss.keptNeighbors, or leave it out',
    ),
  ]
}

const findModelProblems: Rule = ({ model }) => [
  ...problemIf(
    model.dim % model.heads !== 0,
    'model.heads',
    `${model.heads} does not divide dim ${model.dim}`,
  ),
  ...problemIf(
    model.family === 'DinoV1' && model.registers > 0,
    'model.registers',
    'DinoV1 has no registers',
  ),
]

/** The mask of the foreground comes from the attention of the class token. */
const findPatchesProblems: Rule = ({ model, loss }) => {
  if (loss.patches === 'All') return []
  const needs = (what: string) => [problem('loss.patches', `${loss.patches} needs ${what}`)]
  if (model.family === 'DinoV3') return needs('model.family DinoV1 or DinoV2')
  return model.registers > 0 ? needs('model.registers 0') : []
}

const findOptimizerProblems: Rule = ({ model, optimizer }, { dataSize }) => [
  ...problemIf(
    (optimizer.trainableBlocks ?? 0) > model.depth,
    'optimizer.trainableBlocks',
    `is more than the ${model.depth} blocks of the model`,
  ),
  ...problemIf(
    dataSize !== undefined && dataSize < optimizer.batchSize,
    'optimizer.batchSize',
    `is ${optimizer.batchSize}, but data holds ${dataSize} images: lower it or give more data`,
  ),
]

const findViewsProblems: Rule = ({ model, views }) =>
  (views.localCrops === 0
    ? (['globalSizePx'] as const)
    : (['globalSizePx', 'localSizePx'] as const)
  )
    .filter((field) => views[field] < model.patchSizePx)
    .map((field) => problem(`views.${field}`, `is smaller than a patch of ${model.patchSizePx} px`))

const RULES: readonly Rule[] = [
  findSourceProblems,
  findReferenceCountProblems,
  findLossProblems,
  findModelProblems,
  findPatchesProblems,
  findOptimizerProblems,
  findViewsProblems,
]

/**
 * What resolved settings cannot mean together or with the facts, by path; empty when they can be
 * obeyed. Operator, command line, trainer and evaluator all ask here, and nowhere else.
 */
export const settingsProblems = (
  settings: ResultSettings,
  facts: SettingsFacts = {},
): readonly SettingsProblem[] => RULES.flatMap((rule) => rule(settings, facts))
