import type { RunConfig } from '../contract/run-config.ts'
import { RunResult } from '../contract/run-result.ts'
import { checkSettings } from '../pod/check-settings.ts'
import { openDigestCacheFile } from '../pod/digest-cache-file.ts'
import { toEvaluationReport } from '../pod/evaluation-report.ts'
import { NEVER_COMPLETED } from '../pod/list-checkpoints.ts'
import { readStoredJson } from '../pod/read-stored.ts'
import { computeRunKey as keyOf } from '../pod/run-key.ts'
import type { Spool } from '../pod/spool.ts'
import { attemptFolder, runResultPath } from '../pod/storage-layout.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import { openDataset } from '../vision/datasets/open-dataset.ts'
import { warnAboutSkipped } from '../vision/datasets/warn-about-skipped.ts'
import { readInitialWeights } from '../vision/weights/read-model-weights.ts'
import { computeTotalSteps } from './core/sample-order.ts'
import { createTrainingState, disposeTrainingState } from './core/training-state.ts'
import { finishTraining } from './finish-training.ts'
import { findCheckpoint, type LoadedCheckpoint } from './io/find-checkpoint.ts'
import { findEvaluations, type ReusedEvaluation } from './io/find-evaluations.ts'
import { restoreState } from './io/shards.ts'
import { runSteps } from './training-recipe.ts'
import type { StepProgress, TrainerDependencies, TrainingRun } from './training-run.ts'

export interface TrainingSummary {
  readonly runKey: string
  readonly step: number
  readonly totalSteps: number
  readonly imagesSeen: number
  readonly metrics: Readonly<Record<string, number>>
  /** Identity of the backend that computed, which for a found result may be another one. */
  readonly backend: string
  /** Whether the result was found under its key. */
  readonly reused: boolean
  /** Evaluations that were found with it. */
  readonly evaluations: readonly ReusedEvaluation[]
  /** Whether training stopped before its last step, after a checkpoint. */
  readonly isInterrupted: boolean
}

/**
 * Trains a run to its end, or until the signal. Resumes from the newest checkpoint of its run key,
 * and reuses the result where there is one. Throws PodFailure, StorageError, DatasetError,
 * WeightsError.
 */
export async function train(
  config: RunConfig,
  dependencies: TrainerDependencies,
): Promise<TrainingSummary> {
  const { storage, volumes } = dependencies
  const digests = openDigestCacheFile(storage)
  const data = await openDataset(config.result.data, { volumes, digests })
  checkSettings(config.result, { dataSize: data.size })
  warnAboutSkipped('data', data, dependencies.warn)
  const weights = await readInitialWeights(config.result.model, volumes)
  const runKey = keyOf({
    result: config.result,
    weightsDigest: weights?.sha256,
    dataManifestDigest: data.manifestDigest,
  })
  const folder = attemptFolder(runKey, config.identity)
  const spool = await dependencies.openSpool(folder)
  const done = await readResult(dependencies, runKey)
  if (done !== undefined) return reuseResult({ config, dependencies, spool }, done)
  const state = createTrainingState(config.result, { weights: weights?.tensors })
  try {
    const resumed = await resume({ dependencies, runKey })
    if (resumed) restoreState(state, resumed.shards)
    const training = { config, dependencies, runKey, folder, spool, state, data }
    return await trainFrom({ ...training, totalSteps: countTotalSteps(config, data) }, resumed)
  } finally {
    disposeTrainingState(state)
  }
}

const countTotalSteps = ({ result }: RunConfig, data: Dataset): number =>
  computeTotalSteps(result.optimizer, data.size)

async function trainFrom(
  training: TrainingRun,
  resumed: LoadedCheckpoint | undefined,
): Promise<TrainingSummary> {
  const { spool, runKey, totalSteps: total, dependencies } = training
  const first = resumed?.manifest.step ?? 0
  const { batchSize } = training.config.result.optimizer
  await spool.write([
    {
      kind: 'Started',
      step: first,
      totalSteps: total,
      imagesSeen: first * batchSize,
      metrics: {},
      message: resumed ? `resumes from ${resumed.folder}` : 'starts from the initial weights',
    },
  ])
  const progress = await runSteps(training, first)
  const { step } = progress
  const outcome = { runKey, step, totalSteps: total, imagesSeen: step * batchSize }
  if (step < total) return finishInterrupted(training, { ...outcome, progress })
  const result = await finishTraining(training, progress)
  await writeEndReport(spool, { ...outcome, metrics: result.metrics, message: 'Succeeded' })
  const { metrics } = result
  return { ...outcome, ...computed(dependencies), metrics, isInterrupted: false }
}

const computed = ({ backend }: TrainerDependencies) => ({ backend, reused: false, evaluations: [] })

interface StepCounters {
  readonly step: number
  readonly totalSteps: number
  readonly imagesSeen: number
}

async function finishInterrupted(
  { spool, dependencies }: TrainingRun,
  {
    progress,
    ...outcome
  }: StepCounters & { readonly runKey: string; readonly progress: StepProgress },
): Promise<TrainingSummary> {
  const metrics = progress.loss === undefined ? {} : { loss: progress.loss }
  await writeEndReport(spool, {
    ...outcome,
    metrics,
    message: `Interrupted: ${String(dependencies.signal.reason)}`,
  })
  return { ...outcome, ...computed(dependencies), metrics, isInterrupted: true }
}

async function writeEndReport(
  spool: Spool,
  {
    step,
    totalSteps: total,
    imagesSeen,
    metrics,
    message,
  }: StepCounters & {
    readonly metrics: Readonly<Record<string, number>>
    readonly message: string
  },
): Promise<void> {
  await spool.write([{ kind: 'Ended', step, totalSteps: total, imagesSeen, metrics, message }])
}

/** Reports the result that is there, and the evaluations that are. */
async function reuseResult(
  { config, dependencies, spool }: Pick<TrainingRun, 'config' | 'dependencies' | 'spool'>,
  result: RunResult,
): Promise<TrainingSummary> {
  const { runKey, totalSteps: total, imagesSeen, metrics, backend } = result
  const counters = { step: result.final.step, totalSteps: total, imagesSeen }
  const evaluations = await findEvaluations({ ...dependencies, config, training: result })
  await spool.write(
    evaluations.flatMap(({ name, measured }) =>
      measured.map((one) => toEvaluationReport(name, one)),
    ),
  )
  await writeEndReport(spool, { ...counters, metrics, message: 'Succeeded: the result was there' })
  return { runKey, ...counters, metrics, backend, reused: true, evaluations, isInterrupted: false }
}

async function resume({
  dependencies,
  runKey,
}: Pick<TrainingRun, 'dependencies' | 'runKey'>): Promise<LoadedCheckpoint | undefined> {
  const { found, skipped } = await findCheckpoint({ storage: dependencies.storage, runKey })
  for (const { folder, why } of skipped) {
    const logSkipped = why === NEVER_COMPLETED ? dependencies.log : dependencies.warn
    logSkipped('Skipped a checkpoint', { folder, why })
  }
  if (found) dependencies.log('Resuming from a checkpoint', { folder: found.folder })
  return found
}

/**
 * The result under a run key. A damaged one counts as none: training resumes from its last
 * checkpoint and writes the result again.
 */
async function readResult(
  { storage, log }: TrainerDependencies,
  runKey: string,
): Promise<RunResult | undefined> {
  const path = runResultPath(runKey)
  const result = await readStoredJson(storage, path, RunResult)
  if (result.kind === 'Damaged') log('Skipped a damaged result', { path })
  return result.kind === 'Found' ? result.value : undefined
}
