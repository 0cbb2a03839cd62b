import type { RunConfig } from '../contract/run-config.ts'
import { RunResult } from '../contract/run-result.ts'
import type { EvaluationSettings } from '../method/settings/evaluation.ts'
import { checkSettings } from '../pod/check-settings.ts'
import { openDigestCacheFile } from '../pod/digest-cache-file.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { readStoredJson } from '../pod/read-stored.ts'
import { computeRunKey } from '../pod/run-key.ts'
import type { ReportBody } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import type { Volumes } from '../std/files/volumes.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import { openDataset } from '../vision/datasets/open-dataset.ts'
import { warnAboutSkipped } from '../vision/datasets/warn-about-skipped.ts'
import { buildParameters, parameterValues } from '../vision/vit/build-parameters.ts'
import { readInitialWeights } from '../vision/weights/read-model-weights.ts'
import { findCompleteCheckpoints } from './io/find-complete-checkpoints.ts'
import type { TrainedWeights, WeightsCheckpoint } from './io/read-weights.ts'

/** The outside world of an evaluator. */
export interface EvaluatorDependencies {
  readonly storage: Storage
  /** Where data sets and initial weights are. */
  readonly volumes: Volumes
  readonly signal: AbortSignal
  readonly monotonicMs: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Says what was measured, durably, as soon as it is. */
  readonly report: (runKey: string, body: ReportBody) => Promise<void>
  readonly log: (message: string, data: Readonly<Record<string, unknown>>) => void
  /** As log, for what a person should see. */
  readonly warn: (message: string, data: Readonly<Record<string, unknown>>) => void
  /** Identity of the backend that was started. */
  readonly backend: string
}

/** One evaluation of a run, with its data. */
export interface EvaluationContext {
  readonly config: RunConfig
  readonly settings: EvaluationSettings
  readonly dependencies: EvaluatorDependencies
  readonly memory: Dataset
  readonly validation: Dataset
  readonly initial: TrainedWeights
  readonly runKey: string
  /** Undefined where only the weights before training are measured, and it is not there. */
  readonly training: RunResult | undefined
  /**
   * Complete checkpoints of a training that is running, by fraction of the schedule; empty beside a
   * finished one.
   */
  readonly checkpoints: ReadonlyMap<number, WeightsCheckpoint>
  /** What there is to measure, in ascending order. */
  readonly fractions: readonly number[]
  /** What an evaluator beside the training leaves, since its checkpoint is not complete yet. */
  readonly unmeasured: readonly number[]
}

/**
 * Opens the data of an evaluation and computes the key of its run. Throws PodFailure, StorageError,
 * DatasetError, WeightsError.
 */
export async function loadEvaluationContext(
  config: RunConfig,
  dependencies: EvaluatorDependencies,
): Promise<EvaluationContext> {
  const settings = config.evaluation
  if (settings === undefined) {
    throw new PodFailure('run-config: evaluation: an evaluator needs it', {
      code: 'EvaluationMissing',
      reason: 'UserError',
    })
  }
  const { storage, volumes } = dependencies
  const mounts = { volumes, digests: openDigestCacheFile(storage) }
  const memory = await openDataset(settings.memory, mounts)
  const validation = await openDataset(settings.validation, mounts)
  checkClasses(settings.name, memory, validation)
  warnAboutSkipped(`evaluations ${settings.name}: memory`, memory, dependencies.warn)
  warnAboutSkipped(`evaluations ${settings.name}: validation`, validation, dependencies.warn)
  const data = await openDataset(config.result.data, mounts)
  checkSettings(config.result, { dataSize: data.size })
  const weights = await readInitialWeights(config.result.model, volumes)
  const key = computeRunKey({
    result: config.result,
    weightsDigest: weights?.sha256,
    dataManifestDigest: data.manifestDigest,
  })
  const result = await readStoredJson(storage, runResultPath(key), RunResult)
  const training = result.kind === 'Found' ? result.value : undefined
  const isLive = config.isBesideTraining === true && training === undefined
  const location = { storage, runKey: key }
  return {
    ...(isLive
      ? await findCompleteFractions(location, settings.at)
      : { checkpoints: new Map(), fractions: inOrder(settings.at), unmeasured: [] }),
    config,
    settings,
    dependencies,
    memory,
    validation,
    initial: buildInitialWeights(config, weights?.tensors),
    runKey: key,
    training,
  }
}

const inOrder = (fractions: readonly number[]): number[] => [...fractions].sort((a, b) => a - b)

/**
 * What can be measured of a training that is running: the weights before it, and its complete
 * checkpoints.
 */
async function findCompleteFractions(
  location: Parameters<typeof findCompleteCheckpoints>[0],
  wanted: readonly number[],
): Promise<Pick<EvaluationContext, 'checkpoints' | 'fractions' | 'unmeasured'>> {
  const trained = wanted.filter((at) => at > 0)
  const checkpoints = await findCompleteCheckpoints(location, trained)
  const isComplete = (at: number): boolean => at === 0 || checkpoints.has(at)
  return {
    checkpoints,
    fractions: inOrder(wanted.filter(isComplete)),
    unmeasured: inOrder(wanted.filter((at) => !isComplete(at))),
  }
}

function checkClasses(name: string, memory: Dataset, validation: Dataset): void {
  const joinClassNames = ({ classes }: Dataset) => classes.map((entry) => entry.name).join(', ')
  if (joinClassNames(memory) === joinClassNames(validation)) return
  throw new PodFailure(
    `evaluations ${name}: memory has the classes ${joinClassNames(memory) || 'none'} and validation ${joinClassNames(validation) || 'none'}: both need the same masks`,
    { code: 'ClassesDiffer', reason: 'UserError' },
  )
}

/** Before training: the file of weights, or the random numbers that training starts from. */
function buildInitialWeights(
  { result: { model } }: RunConfig,
  weights: TrainedWeights['weights'] | undefined,
): TrainedWeights {
  const parameters = buildParameters(model, { weights, initSeed: model.initSeed })
  const values = parameterValues(parameters)
  for (const parameter of parameters.values()) parameter.dispose()
  return { weights: values, step: 0, totalSteps: 0, imagesSeen: 0 }
}
