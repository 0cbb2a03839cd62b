import type { ResultSettings } from '../contract/run-config.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { countReferences } from './core/references.ts'

/** A setting that cannot work with the data or with another setting. */
interface Problem {
  readonly field: string
  readonly message: string
}

const MAX_REFERENCE_COUNT = 512

/** What is wrong with the settings, in the words of their fields; empty when nothing is. */
export function findSettingsProblems(
  settings: ResultSettings,
  dataSize: number,
): readonly Problem[] {
  return [
    ...findDataProblems(settings, dataSize),
    ...findReferenceProblems(settings),
    ...findModelProblems(settings),
  ]
}

/** Throws SettingsImpossible with every problem. */
export function checkSettings(settings: ResultSettings, dataSize: number): void {
  const problems = findSettingsProblems(settings, dataSize)
  if (problems.length === 0) return
  const message = problems.map((problem) => `${problem.field}: ${problem.message}`).join('; ')
  throw new PodFailure(message, { code: 'SettingsImpossible', reason: 'UserError' })
}

function* findDataProblems({ optimizer }: ResultSettings, dataSize: number): Generator<Problem> {
  if (dataSize >= optimizer.batchSize) return
  yield {
    field: 'optimizer.batchSize',
    message: `is ${optimizer.batchSize}, but data holds ${dataSize} images: lower it or give more data`,
  }
}

/** Most references that each kind of source can give. */
function countAvailableReferences({ references, views, optimizer }: ResultSettings): number {
  const cells = views.alignedGrid ** 2
  const images = optimizer.batchSize
  if (references.source === 'TeacherQueue') return references.queueLength
  if (references.neighbors === 'Intra') return cells
  return (references.neighbors === 'InterStrict' ? images - 1 : images) * cells
}

function* findReferenceProblems(settings: ResultSettings): Generator<Problem> {
  const { references, views, optimizer, loss } = settings
  const cells = views.alignedGrid ** 2
  const count = countReferences(references, { images: optimizer.batchSize, cells })
  const field = references.source === 'StudentFraction' ? 'references.fraction' : 'references.count'
  const most = Math.min(countAvailableReferences(settings), MAX_REFERENCE_COUNT)
  if (count < 2) yield { field, message: `gives ${count} references (R): at least 2 are ranked` }
  if (count > most) {
    const kind = `${references.source} with neighbors ${references.neighbors}`
    yield { field, message: `gives ${count} references (R), but ${kind} has at most ${most}` }
  }
  if (loss.keptNeighbors > count) {
    yield {
      field: 'loss.keptNeighbors',
      message: `is ${loss.keptNeighbors} (K), more than the ${count} references (R)`,
    }
  }
}

function* findModelProblems({ model, views, loss, optimizer }: ResultSettings): Generator<Problem> {
  if (optimizer.trainableBlocks > model.depth) {
    yield {
      field: 'optimizer.trainableBlocks',
      message: `is ${optimizer.trainableBlocks}, but model.depth is ${model.depth}`,
    }
  }
  const smallest = views.localCrops === 0 ? views.globalSizePx : views.localSizePx
  if (Math.min(views.globalSizePx, smallest) < model.patchSizePx) {
    yield {
      field: 'views.localSizePx, views.globalSizePx',
      message: `must not be smaller than model.patchSizePx, ${model.patchSizePx}`,
    }
  }
  if (loss.patches !== 'All' && model.family === 'DinoV3') {
    yield { field: 'loss.patches', message: 'must be All for family DinoV3' }
  }
}
