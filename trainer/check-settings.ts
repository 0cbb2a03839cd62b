import type { ResultSettings } from '../crds/run-config.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { referenceCount } from './core/references.ts'

/** A setting that cannot work with the data or with another setting. */
interface Problem {
  readonly field: string
  readonly message: string
}

const MOST_REFERENCES = 512

/** What is wrong with the settings, in the words of their fields; empty when nothing is. */
export function settingsProblems(settings: ResultSettings, dataSize: number): readonly Problem[] {
  return [
    ...dataProblems(settings, dataSize),
    ...referenceProblems(settings),
    ...modelProblems(settings),
  ]
}

/** Throws SettingsImpossible with every problem. */
export function checkSettings(settings: ResultSettings, dataSize: number): void {
  const problems = settingsProblems(settings, dataSize)
  if (problems.length === 0) return
  const message = problems.map((problem) => `${problem.field}: ${problem.message}`).join('; ')
  throw new PodFailure(message, { code: 'SettingsImpossible', reason: 'UserError' })
}

function* dataProblems({ optimisation }: ResultSettings, dataSize: number): Generator<Problem> {
  if (dataSize >= optimisation.batchSize) return
  yield {
    field: 'optimisation.batchSize',
    message: `is ${optimisation.batchSize}, but data holds ${dataSize} images: lower it or give more data`,
  }
}

/** Most references that each kind of source can give. */
function available({ references, views, optimisation }: ResultSettings): number {
  const cells = views.alignedGrid ** 2
  const images = optimisation.batchSize
  if (references.source === 'TeacherQueue') return references.queueLength
  if (references.neighbours === 'Intra') return cells
  return (references.neighbours === 'InterStrict' ? images - 1 : images) * cells
}

function* referenceProblems(settings: ResultSettings): Generator<Problem> {
  const { references, views, optimisation, loss } = settings
  const cells = views.alignedGrid ** 2
  const count = referenceCount(references, { images: optimisation.batchSize, cells })
  const field = references.source === 'StudentFraction' ? 'references.fraction' : 'references.count'
  const most = Math.min(available(settings), MOST_REFERENCES)
  if (count < 2) yield { field, message: `gives ${count} references (R): at least 2 are ranked` }
  if (count > most) {
    const kind = `${references.source} with neighbours ${references.neighbours}`
    yield { field, message: `gives ${count} references (R), but ${kind} has at most ${most}` }
  }
  if (loss.keptNeighbours > count) {
    yield {
      field: 'loss.keptNeighbours',
      message: `is ${loss.keptNeighbours} (K), more than the ${count} references (R)`,
    }
  }
}

function* modelProblems({ model, views, loss, optimisation }: ResultSettings): Generator<Problem> {
  if (optimisation.trainableBlocks > model.depth) {
    yield {
      field: 'optimisation.trainableBlocks',
      message: `is ${optimisation.trainableBlocks}, but model.depth is ${model.depth}`,
    }
  }
  const smallest = views.localCrops === 0 ? views.globalSizePx : views.localSizePx
  if (Math.min(views.globalSizePx, smallest) < model.patchSizePx) {
    yield {
      field: 'views.localSizePx, views.globalSizePx',
      message: `must not be smaller than model.patchSizePx, ${model.patchSizePx}`,
    }
  }
  if (loss.patches !== 'All' && model.form === 'DinoV3') {
    yield { field: 'loss.patches', message: 'must be All for form DinoV3' }
  }
}
