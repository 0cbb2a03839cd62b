import { join } from 'node:path'
import { type Storage, StorageError } from '../../pod/storage.ts'
import { type StudyOutcome, verdictOf } from './outcome.ts'
import { readCurves } from './read-curves.ts'
import { resultsCsv } from './results-csv.ts'
import { type ResultsDocument, resultsDocument } from './results-document.ts'
import { studyPlot } from './study-plot.ts'

interface Places {
  readonly root: string
  /** The output folder. */
  readonly output: Storage
  /** What trainer and evaluator wrote. */
  readonly storage: Storage
}

export interface WrittenFile {
  readonly title: string
  readonly path: string
}

/** The last figure of the first run that succeeded: validation pictures with masks and predictions. */
function figureOf({ runs }: StudyOutcome): string | undefined {
  const evaluations = runs
    .filter((run) => verdictOf(run) === 'Succeeded')
    .flatMap(({ status }) => status?.evaluations ?? [])
  const latest = Math.max(...evaluations.map(({ at }) => at))
  return evaluations.find(({ at, figures = [] }) => at === latest && figures.length > 0)
    ?.figures?.[0]
}

async function copyFigure(study: StudyOutcome, { output, storage }: Places): Promise<boolean> {
  const figure = figureOf(study)
  if (figure === undefined) return false
  try {
    await output.writeAtomic('validation.png', await storage.read(figure))
    return true
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return false
    throw error
  }
}

/** Writes results.json, results.csv, curves.svg and validation.png, each whole or not at all, and says where they lie. */
export async function writeReport(
  study: StudyOutcome,
  places: Places,
): Promise<{ readonly document: ResultsDocument; readonly files: readonly WrittenFile[] }> {
  const document = resultsDocument(study)
  const curves = await readCurves(places.storage, study)
  await places.output.writeAtomic('results.json', `${JSON.stringify(document, null, 2)}\n`)
  await places.output.writeAtomic('results.csv', resultsCsv(document))
  await places.output.writeAtomic('curves.svg', studyPlot(document, curves))
  const hasFigure = await copyFigure(study, places)
  const named = [
    ['results', 'results.json'],
    ['table', 'results.csv'],
    ['curves', 'curves.svg'],
    ...(hasFigure ? [['pictures', 'validation.png']] : []),
  ] as const
  return {
    document,
    files: named.map(([title = '', name = '']) => ({ title, path: join(places.root, name) })),
  }
}
