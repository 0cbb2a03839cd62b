import { join } from 'node:path'
import sharp from 'sharp'
import { insertLine } from '../../evaluator/figure/insert-line.ts'
import type { Storage } from '../../pod/storage.ts'
import { ifExists } from '../../std/files/storage-error.ts'
import { decodeImage } from '../../vision/images/decode-image.ts'
import { findBestRun } from './best-run.ts'
import { readCurves } from './read-curves.ts'
import { resultsCsv } from './results-csv.ts'
import { buildResultsDocument, type ResultsDocument } from './results-document.ts'
import { drawStudyPlot } from './study-plot.ts'
import type { StudyResults } from './study-results.ts'

interface ReportTargets {
  readonly root: string
  /** The output folder. */
  readonly output: Storage
  /** What trainer and evaluator wrote. */
  readonly storage: Storage
}

export interface ReportFile {
  readonly title: string
  readonly path: string
}

/** Copies the figure of the best run, with a caption that names the run. */
async function copyFigure(
  study: StudyResults,
  { output, storage }: ReportTargets,
): Promise<boolean> {
  const best = findBestRun(study)
  const png = best && (await ifExists(storage.read(best.figure)))
  if (best === undefined || png === undefined) return false
  await output.put('validation.png', await addCaption(png, best.caption))
  return true
}

/** Adds a line of text under the heading of a figure, where there is one. */
export async function addCaption(
  png: Uint8Array,
  caption: string | undefined,
): Promise<Uint8Array> {
  if (caption === undefined) return png
  const { width, height, rgb } = insertLine(await decodeImage(png), caption)
  return sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
}

/**
 * Writes results.json, results.csv, curves.svg and validation.png, each atomically, and returns
 * their paths.
 */
export async function writeReport(
  study: StudyResults,
  targets: ReportTargets,
): Promise<{ readonly document: ResultsDocument; readonly files: readonly ReportFile[] }> {
  const document = buildResultsDocument(study)
  const curves = await readCurves(targets.storage, study)
  await targets.output.put('results.json', `${JSON.stringify(document, null, 2)}\n`)
  await targets.output.put('results.csv', resultsCsv(document))
  await targets.output.put('curves.svg', drawStudyPlot(document, curves))
  const hasFigure = await copyFigure(study, targets)
  const named = [
    ['results', 'results.json'],
    ['table', 'results.csv'],
    ['curves', 'curves.svg'],
    ...(hasFigure ? [['figure', 'validation.png']] : []),
  ] as const
  return {
    document,
    files: named.map(([title = '', name = '']) => ({ title, path: join(targets.root, name) })),
  }
}
