import type { ResultSettings } from '../contract/run-config.ts'
import type { FieldProblem } from '../crds/parse-manifest.ts'

const MAX_REFERENCES = 512

const buildProblem = (path: string, message: string): FieldProblem => ({ path, message })

/** Aligned patches that an image gives for one pair of crops. */
const countRowsPerImage = ({ views }: ResultSettings): number => views.alignedGrid ** 2

/** R, the references each patch ranks: given, or ⌊f·B·N⌋ of the student batch. */
export function resolveReferenceCount(settings: ResultSettings): number {
  const { references, optimizer } = settings
  if (references.source !== 'StudentFraction') return references.count
  return Math.floor(references.fraction * optimizer.batchSize * countRowsPerImage(settings))
}

/** How many rows the references may come from. */
function computeReferencePool(settings: ResultSettings): {
  readonly rows: number
  readonly description: string
} {
  const { references, optimizer } = settings
  const imageRows = countRowsPerImage(settings)
  const images = optimizer.batchSize
  if (references.neighbors === 'Intra') {
    return {
      rows: imageRows,
      description: `the ${imageRows} patches of the own image (views.alignedGrid²)`,
    }
  }
  if (references.source === 'TeacherQueue') {
    return { rows: references.queueLength, description: 'references.queueLength' }
  }
  if (references.neighbors === 'InterStrict') {
    return {
      rows: (images - 1) * imageRows,
      description: `the ${(images - 1) * imageRows} patches of the other images (batchSize − 1 times views.alignedGrid²)`,
    }
  }
  return { rows: images * imageRows, description: `the ${images * imageRows} patches of the batch` }
}

function findReferenceCountProblems(settings: ResultSettings): FieldProblem[] {
  const { source } = settings.references
  const field = source === 'StudentFraction' ? 'references.fraction' : 'references.count'
  const count = resolveReferenceCount(settings)
  const { rows, description } = computeReferencePool(settings)
  if (count > rows) {
    return [buildProblem(field, `${count} references are more than ${description}; lower ${field}`)]
  }
  if (count < 2 || count > MAX_REFERENCES) {
    const rule = `R must be from 2 to ${MAX_REFERENCES}`
    return [buildProblem(field, `gives R = ⌊f·B·N⌋ = ${count}, but ${rule}; change ${field}`)]
  }
  const keptNeighbors = settings.loss.keptNeighbors
  if (keptNeighbors <= count) return []
  return [
    buildProblem('loss.keptNeighbors', `K = ${keptNeighbors} is more than the ${count} references`),
  ]
}

function findModelSettingProblems({ model, loss, optimizer }: ResultSettings): FieldProblem[] {
  const problems: FieldProblem[] = []
  if (model.dim % model.heads !== 0) {
    problems.push(buildProblem('model.heads', `${model.heads} does not divide dim ${model.dim}`))
  }
  if (model.family === 'DinoV1' && model.registers > 0) {
    problems.push(buildProblem('model.registers', 'DinoV1 has no registers'))
  }
  if (loss.patches !== 'All' && model.registers > 0) {
    problems.push(buildProblem('loss.patches', `${loss.patches} needs model.registers 0`))
  }
  if (optimizer.trainableBlocks > model.depth) {
    problems.push(
      buildProblem(
        'optimizer.trainableBlocks',
        `is more than the ${model.depth} blocks of the model`,
      ),
    )
  }
  return problems
}

function findViewProblems({ model, views }: ResultSettings): FieldProblem[] {
  return (['globalSizePx', 'localSizePx'] as const)
    .filter((field) => views[field] < model.patchSizePx)
    .map((field) =>
      buildProblem(`views.${field}`, `is smaller than a patch of ${model.patchSizePx} px`),
    )
}

/** What resolved settings cannot mean together, by field. Empty when they can run. */
export const validateSettings = (settings: ResultSettings): FieldProblem[] => [
  ...findReferenceCountProblems(settings),
  ...findModelSettingProblems(settings),
  ...findViewProblems(settings),
]
