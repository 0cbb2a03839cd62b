import type { ResultSettings } from '../contract/run-config.ts'
import type { Problem } from '../crds/parse-manifest.ts'

const MAX_REFERENCES = 512

const problem = (path: string, message: string): Problem => ({ path, message })

/** Aligned patches that an image gives for one pair of crops. */
const rowsPerImage = ({ views }: ResultSettings): number => views.alignedGrid ** 2

/** R, the references each patch ranks: given, or ⌊f·B·N⌋ of the student batch. */
export function referenceCount(settings: ResultSettings): number {
  const { references, optimizer } = settings
  if (references.source !== 'StudentFraction') return references.count
  return Math.floor(references.fraction * optimizer.batchSize * rowsPerImage(settings))
}

/** How many rows the references may come from. */
function poolSize(settings: ResultSettings): { readonly rows: number; readonly what: string } {
  const { references, optimizer } = settings
  const own = rowsPerImage(settings)
  const images = optimizer.batchSize
  if (references.neighbors === 'Intra') {
    return { rows: own, what: `the ${own} patches of the own image (views.alignedGrid²)` }
  }
  if (references.source === 'TeacherQueue') {
    return { rows: references.queueLength, what: 'references.queueLength' }
  }
  if (references.neighbors === 'InterStrict') {
    return {
      rows: (images - 1) * own,
      what: `the ${(images - 1) * own} patches of the other images (batchSize − 1 times views.alignedGrid²)`,
    }
  }
  return { rows: images * own, what: `the ${images * own} patches of the batch` }
}

function referenceProblems(settings: ResultSettings): Problem[] {
  const { source } = settings.references
  const field = source === 'StudentFraction' ? 'references.fraction' : 'references.count'
  const count = referenceCount(settings)
  const { rows, what } = poolSize(settings)
  if (count > rows) {
    return [problem(field, `${count} references are more than ${what}; lower ${field}`)]
  }
  if (count < 2 || count > MAX_REFERENCES) {
    const rule = `R must be from 2 to ${MAX_REFERENCES}`
    return [problem(field, `gives R = ⌊f·B·N⌋ = ${count}, but ${rule}; change ${field}`)]
  }
  const kept = settings.loss.keptNeighbors
  if (kept <= count) return []
  return [problem('loss.keptNeighbors', `K = ${kept} is more than the ${count} references`)]
}

function modelProblems({ model, loss, optimizer }: ResultSettings): Problem[] {
  const found: Problem[] = []
  if (model.dim % model.heads !== 0) {
    found.push(problem('model.heads', `${model.heads} does not divide dim ${model.dim}`))
  }
  if (model.family === 'DinoV1' && model.registers > 0) {
    found.push(problem('model.registers', 'DinoV1 has no registers'))
  }
  if (loss.patches !== 'All' && model.registers > 0) {
    found.push(problem('loss.patches', `${loss.patches} needs model.registers 0`))
  }
  if (optimizer.trainableBlocks > model.depth) {
    found.push(
      problem('optimizer.trainableBlocks', `is more than the ${model.depth} blocks of the model`),
    )
  }
  return found
}

function viewProblems({ model, views }: ResultSettings): Problem[] {
  return (['globalSizePx', 'localSizePx'] as const)
    .filter((field) => views[field] < model.patchSizePx)
    .map((field) => problem(`views.${field}`, `is smaller than a patch of ${model.patchSizePx} px`))
}

/** What resolved settings cannot mean together, by field. Empty when they can run. */
export const validateSettings = (settings: ResultSettings): Problem[] => [
  ...referenceProblems(settings),
  ...modelProblems(settings),
  ...viewProblems(settings),
]
