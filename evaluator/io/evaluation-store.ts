import sharp from 'sharp'
import { EvaluationFile } from '../../contract/evaluation-file.ts'
import { PodFailure } from '../../pod/pod-failure.ts'
import { readStoredJson } from '../../pod/read-stored.ts'
import type { Storage } from '../../pod/storage.ts'
import { evaluationResultPath, predictionsPath } from '../../pod/storage-layout.ts'
import { ifExists } from '../../std/files/storage-error.ts'
import { decodeLabelPng } from '../../vision/images/decode-label-png.ts'
import type { SquareMask } from '../figure/render-cells.ts'

/** The result under a key; undefined where there is none. Throws EvaluationFileInvalid. */
export async function readEvaluation(
  storage: Storage,
  key: string,
): Promise<EvaluationFile | undefined> {
  const path = evaluationResultPath(key)
  const stored = await readStoredJson(storage, path, EvaluationFile)
  if (stored.kind === 'Found') return stored.value
  if (stored.kind === 'Missing') return undefined
  const { cause } = stored
  throw new PodFailure(
    `${path} under the storage is no evaluation result: remove it and evaluate again`,
    { code: 'EvaluationFileInvalid', reason: 'UserError', cause },
  )
}

/** Writes what was measured; the result file comes last, since its presence means done. */
export async function writeEvaluation(
  storage: Storage,
  file: Omit<EvaluationFile, 'predictions'>,
  predictions: StoredPredictions | undefined,
): Promise<EvaluationFile> {
  const path = predictionsPath(file.key)
  const hasMasks = predictions !== undefined && predictions.masks.length > 0
  if (hasMasks) {
    await storage.put(path, await encodeMaskStack(predictions.masks, predictions.sidePx))
  }
  const complete: EvaluationFile = hasMasks
    ? {
        ...file,
        predictions: {
          metric: predictions.metric,
          images: predictions.masks.length,
          sidePx: predictions.sidePx,
          path,
        },
      }
    : file
  await storage.put(evaluationResultPath(file.key), JSON.stringify(complete, null, 2))
  return complete
}

export interface StoredPredictions {
  readonly metric: string
  readonly sidePx: number
  readonly masks: readonly Uint8Array[]
}

/** The predictions beside a result; none where it has none or they are gone. */
export async function readPredictions(
  storage: Storage,
  { predictions }: EvaluationFile,
): Promise<readonly SquareMask[]> {
  const bytes = predictions && (await ifExists(storage.read(predictions.path)))
  return bytes === undefined ? [] : decodeMaskStack(bytes)
}

/** Masks of one side as one gray PNG, each below the one before: a pixel is a class index. */
async function encodeMaskStack(masks: readonly Uint8Array[], sidePx: number): Promise<Buffer> {
  const stacked = new Uint8Array(masks.length * sidePx * sidePx)
  masks.forEach((mask, index) => {
    stacked.set(mask, index * sidePx * sidePx)
  })
  const raw = { width: sidePx, height: masks.length * sidePx, channels: 1 } as const
  return sharp(stacked, { raw }).toColorspace('b-w').png().toBuffer()
}

/** The masks of a stack. Throws LabelPngError. */
export function decodeMaskStack(png: Uint8Array): readonly SquareMask[] {
  const { width: side, height, labels } = decodeLabelPng(png)
  return Array.from({ length: Math.floor(height / side) }, (_, index) => ({
    side,
    labels: labels.subarray(index * side * side, (index + 1) * side * side),
  }))
}
