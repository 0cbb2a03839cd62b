import type { RunConfig } from '../../contract/run-config.ts'
import type { RunResult } from '../../contract/run-result.ts'
import type { EvaluationSettings } from '../../method/settings/evaluation.ts'
import { openDigestCacheFile } from '../../pod/digest-cache-file.ts'
import { findMeasuredEvaluations, type MeasuredEvaluation } from '../../pod/evaluation-receipt.ts'
import type { Storage } from '../../pod/storage.ts'
import { evaluationReceiptsFolder } from '../../pod/storage-layout.ts'
import type { Volumes } from '../../std/files/volumes.ts'
import { DatasetError } from '../../vision/datasets/dataset-error.ts'
import { openDataset } from '../../vision/datasets/open-dataset.ts'
import { warnAboutSkipped } from '../../vision/datasets/warn-about-skipped.ts'

export interface ReusedEvaluation {
  readonly name: string
  readonly measured: readonly MeasuredEvaluation[]
}

type Warn = (message: string, data: Readonly<Record<string, unknown>>) => void

interface EvaluationSearch {
  readonly config: RunConfig
  readonly storage: Storage
  readonly volumes: Volumes
  readonly warn: Warn
  /** The result of the training, found under its key. */
  readonly training: RunResult
}

/**
 * The evaluations of a run whose results are all there, so that they need no pod of their own.
 * Throws StorageError.
 */
export async function findEvaluations(
  search: EvaluationSearch,
): Promise<readonly ReusedEvaluation[]> {
  const { config, storage, training } = search
  const { evaluations = [] } = config
  // Data sets need not be looked at where nothing was ever evaluated.
  const receipts = await storage.list(evaluationReceiptsFolder(training.runKey))
  if (receipts.length === 0) return []
  const found: ReusedEvaluation[] = []
  for (const settings of evaluations) {
    const measured = await findEvaluation(search, settings)
    if (measured !== undefined) found.push({ name: settings.name, measured })
  }
  return found
}

/** None of one whose data cannot be read either: its evaluator says why. */
async function findEvaluation(
  { config, storage, volumes, warn, training }: EvaluationSearch,
  settings: EvaluationSettings,
): Promise<readonly MeasuredEvaluation[] | undefined> {
  const mounts = { volumes, digests: openDigestCacheFile(storage) }
  const { numericsVersion } = config.result
  try {
    const memory = await openDataset(settings.memory, mounts)
    const validation = await openDataset(settings.validation, mounts)
    const [memoryDigest, validationDigest] = [memory.manifestDigest, validation.manifestDigest]
    const identity = { numericsVersion, settings, memoryDigest, validationDigest, training }
    const measured = await findMeasuredEvaluations(storage, identity)
    if (measured === undefined) return undefined
    warnAboutSkipped(`evaluations ${settings.name}: memory`, memory, warn)
    warnAboutSkipped(`evaluations ${settings.name}: validation`, validation, warn)
    return measured
  } catch (error) {
    if (error instanceof DatasetError) return undefined
    throw error
  }
}
