import { EvaluationFile } from '../../contract/evaluation-file.ts'
import { PodFailure } from '../../pod/pod-failure.ts'
import { readStoredJson } from '../../pod/read-stored-json.ts'
import { type Storage, StorageError } from '../../pod/storage.ts'
import { evaluationFolder, evaluationResultPath } from '../../pod/storage-layout.ts'
import type { SquareMask } from '../figure/render-cells.ts'
import { decodeMaskStack, encodeMaskStack } from './prediction-stack.ts'

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
  const path = `${evaluationFolder(file.key)}/predictions.png`
  const hasMasks = predictions !== undefined && predictions.masks.length > 0
  if (hasMasks) {
    await storage.writeAtomic(path, await encodeMaskStack(predictions.masks, predictions.sidePx))
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
  await storage.writeAtomic(evaluationResultPath(file.key), JSON.stringify(complete, null, 2))
  return complete
}

export interface StoredPredictions {
  readonly metric: string
  readonly sidePx: number
  readonly masks: readonly Uint8Array[]
}

/** The predictions kept beside a result; none where it has none or they are gone. */
export async function readPredictions(
  storage: Storage,
  { predictions }: EvaluationFile,
): Promise<readonly SquareMask[]> {
  const bytes = predictions && (await readIfPresent(storage, predictions.path))
  return bytes === undefined ? [] : decodeMaskStack(bytes)
}

async function readIfPresent(storage: Storage, path: string): Promise<Uint8Array | undefined> {
  try {
    return await storage.read(path)
  } catch (error) {
    if (error instanceof StorageError && error.code === 'NotFound') return undefined
    throw error
  }
}
