import type { RunConfig } from '../../crds/run-config.ts'
import type { RunResult } from '../../crds/run-result.ts'
import type { EvaluationSettings } from '../../crds/sections/evaluation.ts'
import { digestMemory } from '../../pod/digest-memory.ts'
import { findMeasured, type Measured } from '../../pod/evaluation-receipt.ts'
import type { Storage } from '../../pod/storage.ts'
import { evaluationReceiptsFolder } from '../../pod/storage-layout.ts'
import { DatasetError } from '../../vision/datasets/dataset-error.ts'
import { openDataset } from '../../vision/datasets/open-dataset.ts'
import { warnOfSkipped } from '../../vision/datasets/warn-of-skipped.ts'

export interface FoundEvaluation {
  readonly name: string
  readonly measured: readonly Measured[]
}

type Warn = (message: string, data: Readonly<Record<string, unknown>>) => void

interface Finding {
  readonly config: RunConfig
  readonly storage: Storage
  readonly warn: Warn
  /** The result of the training, found under its key. */
  readonly training: RunResult
}

/** The evaluations of a run whose results are all there, so that they need no pod of their own. Throws StorageError. */
export async function findEvaluations(finding: Finding): Promise<readonly FoundEvaluation[]> {
  const { config, storage, training } = finding
  const { evaluations = [] } = config
  // Data sets need not be looked at where nothing was ever evaluated.
  const receipts = await storage.list(evaluationReceiptsFolder(training.runKey))
  if (receipts.length === 0) return []
  const found: FoundEvaluation[] = []
  for (const settings of evaluations) {
    const measured = await findOne(finding, settings)
    if (measured !== undefined) found.push({ name: settings.name, measured })
  }
  return found
}

/** None of one whose data cannot be read either: its evaluator says why. */
async function findOne(
  { config, storage, warn, training }: Finding,
  settings: EvaluationSettings,
): Promise<readonly Measured[] | undefined> {
  const home = { volumes: config.execution.volumes, digests: digestMemory(storage) }
  const { numericsVersion } = config.result
  try {
    const memory = await openDataset(settings.memory, home)
    const validation = await openDataset(settings.validation, home)
    const [memoryDigest, validationDigest] = [memory.manifestDigest, validation.manifestDigest]
    const identity = { numericsVersion, settings, memoryDigest, validationDigest, training }
    const measured = await findMeasured(storage, identity)
    if (measured === undefined) return undefined
    warnOfSkipped(`evaluations ${settings.name}: memory`, memory, warn)
    warnOfSkipped(`evaluations ${settings.name}: validation`, validation, warn)
    return measured
  } catch (error) {
    if (error instanceof DatasetError) return undefined
    throw error
  }
}
