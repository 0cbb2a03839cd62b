import { join } from 'node:path'
import sharp from 'sharp'
import { insertLine } from '../../evaluator/figure/insert-line.ts'
import { type Storage, StorageError } from '../../pod/storage.ts'
import { decodeImage } from '../../vision/images/decode-image.ts'
import { bestRun } from './best-run.ts'
import type { StudyOutcome } from './outcome.ts'
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

/** The figure of the best run, which says in the picture which run that is. */
async function copyFigure(study: StudyOutcome, { output, storage }: Places): Promise<boolean> {
  const best = bestRun(study)
  if (best === undefined) return false
  try {
    const png = await storage.read(best.figure)
    await output.writeAtomic('validation.png', await withLine(png, best.words))
    return true
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return false
    throw error
  }
}

/** A picture with a line of text above it, where there is one. */
export async function withLine(png: Uint8Array, line: string | undefined): Promise<Uint8Array> {
  if (line === undefined) return png
  const { width, height, rgb } = insertLine(await decodeImage(png), line)
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
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
