import sharp from 'sharp'
import type { EvaluationFile } from '../../contract/evaluation-file.ts'
import type { Storage } from '../../pod/storage.ts'
import { figuresFolder } from '../../pod/storage-layout.ts'
import type { Dataset } from '../../vision/datasets/dataset.ts'
import { resizeImage } from '../../vision/images/resize-image.ts'
import { resizeLabels } from '../../vision/images/resize-labels.ts'
import { type PredictionSet, renderPredictionComparison } from '../figure/compare-predictions.ts'
import { readPredictions } from './evaluation-store.ts'

export interface FigureFraction {
  /** What its row is called. */
  readonly name: string
  readonly file: EvaluationFile
}

export interface FigureOptions {
  readonly storage: Storage
  /** In the order of the rows; the figure lies with the last. */
  readonly stages: readonly FigureFraction[]
  readonly validation: Dataset
  readonly memoryImages: number
  readonly ignoreLabel: number
}

const PROTOCOL_TITLES: Readonly<Record<string, string>> = {
  inContextMiou: 'In-context segmentation',
  linearMiou: 'Linear segmentation',
}

/**
 * Draws validation images, their masks and the predictions of each stage. Returns its path under
 * the storage; undefined where the evaluation keeps no predictions. A figure that is there stays.
 */
export async function writeFigure(options: FigureOptions): Promise<string | undefined> {
  const { storage, stages } = options
  const last = stages.at(-1)
  if (last?.file.predictions === undefined) return undefined
  const folder = figuresFolder(last.file.key)
  const others = stages.slice(0, -1).map(({ file }) => `-${file.key.slice(0, 12)}`)
  const name = `${last.name.replaceAll(/[^a-z0-9]+/g, '-')}${others.join('')}.png`
  const path = `${folder}/${name}`
  if ((await storage.list(folder)).includes(name)) return path
  const { metric, sidePx } = last.file.predictions
  const { images, groundTruths } = await loadResizedSamples(options, last.file.predictions)
  const { width, height, rgb } = renderPredictionComparison({
    title: `${PROTOCOL_TITLES[metric] ?? metric} ${joinNames(stages.map((stage) => stage.name))} training`,
    subtitle: `validation ${options.validation.size} images · memory ${options.memoryImages} images · input ${sidePx} px`,
    images,
    groundTruths,
    predicted: await loadPredictionSets(options, metric),
    classes: options.validation.classes.map(({ name: label, displayColor: color }) => ({
      name: label,
      color,
    })),
    ignoreLabel: options.ignoreLabel,
  })
  const png = await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer()
  await storage.put(path, png)
  return path
}

const joinNames = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ')

async function loadResizedSamples(
  { validation }: FigureOptions,
  { images: count, sidePx }: NonNullable<EvaluationFile['predictions']>,
) {
  const size = { width: sidePx, height: sidePx }
  const indices = Array.from({ length: count }, (_, index) => index)
  const images = await Promise.all(
    indices.map(async (index) => {
      const image = resizeImage(await validation.image(index), { ...size, filter: 'Bilinear' })
      return { side: sidePx, rgb: image.rgb }
    }),
  )
  const groundTruths = await Promise.all(
    indices.map(async (index) => {
      const { labels } = resizeLabels(await validation.mask(index), { ...size, rule: 'Pillow' })
      return { side: sidePx, labels }
    }),
  )
  return { images, groundTruths }
}

async function loadPredictionSets(
  { storage, stages }: FigureOptions,
  metric: string,
): Promise<PredictionSet[]> {
  const sets: PredictionSet[] = []
  for (const { name, file } of stages) {
    const masks = await readPredictions(storage, file)
    if (masks.length === 0) continue
    sets.push({ name, miouPercent: file.metrics[metric] ?? 0, masks })
  }
  return sets
}
