import type { RunConfig } from '../crds/run-config.ts'
import { RunResult } from '../crds/run-result.ts'
import type { CheckpointWish } from '../pod/checkpoint-wish.ts'
import { digestMemory } from '../pod/digest-memory.ts'
import { evaluationReport } from '../pod/evaluation-report.ts'
import { readStored } from '../pod/read-stored.ts'
import { runKey as keyOf } from '../pod/run-key.ts'
import type { ReportBody, Spool } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import { attemptFolder, runResultPath } from '../pod/storage-layout.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import { openDataset } from '../vision/datasets/open-dataset.ts'
import { warnOfSkipped } from '../vision/datasets/warn-of-skipped.ts'
import { checkSettings } from './check-settings.ts'
import { totalSteps } from './core/sample-order.ts'
import { closeTraining, startTraining } from './core/training-state.ts'
import { finishTraining } from './finish-training.ts'
import { type FoundCheckpoint, findCheckpoint, NEVER_COMPLETED } from './io/find-checkpoint.ts'
import { type FoundEvaluation, findEvaluations } from './io/find-evaluations.ts'
import { initialWeights } from './io/initial-weights.ts'
import { restoreState } from './io/shards.ts'
import { type Progress, runSteps, type Training } from './run-steps.ts'

/** The outside world of a trainer. */
export interface TrainerWorld {
  readonly storage: Storage
  /** Aborted when the pod has to stop: training ends with a checkpoint after the step at hand. */
  readonly signal: AbortSignal
  readonly monotonicMs: () => number
  /** Lets signals in between two steps. */
  readonly breathe: () => Promise<void>
  readonly openSpool: (attemptFolder: string) => Promise<Spool>
  /** Hears of each finished step, also between two reports. */
  readonly stepped?: (step: ReportBody) => void
  /** Asks for checkpoints between two steps, and hears of each. */
  readonly checkpoints?: CheckpointWish
  readonly log: (message: string, data: Readonly<Record<string, unknown>>) => void
  /** As log, for what a person should see. */
  readonly warn: (message: string, data: Readonly<Record<string, unknown>>) => void
  /** Identity of the backend that was started. */
  readonly backend: string
}

export interface Trained {
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
  readonly evaluations: readonly FoundEvaluation[]
  /** Whether training stopped before its last step, after a checkpoint. */
  readonly isInterrupted: boolean
}

/**
 * Trains a run to its end, or until the signal; goes on from the newest checkpoint of its key, and
 * does nothing where its result is there. Throws PodFailure, StorageError, DatasetError, WeightsError.
 */
export async function train(config: RunConfig, world: TrainerWorld): Promise<Trained> {
  const digests = digestMemory(world.storage)
  const data = await openDataset(config.result.data, { volumes: config.execution.volumes, digests })
  checkSettings(config.result, data.size)
  warnOfSkipped('data', data, world.warn)
  const weights = await initialWeights(config)
  const runKey = keyOf({
    result: config.result,
    weightsDigest: weights?.sha256,
    dataManifestDigest: data.manifestDigest,
  })
  const folder = attemptFolder(runKey, config.identity)
  const spool = await world.openSpool(folder)
  const done = await readResult(world, runKey)
  if (done !== undefined) return reuse({ config, world, spool }, done)
  const state = startTraining(config.result, { weights: weights?.tensors })
  try {
    const resumed = await resume({ config, world, runKey })
    if (resumed) restoreState(state, resumed.shards)
    const training = { config, world, runKey, folder, spool, state, data }
    return await trainFrom({ ...training, totalSteps: stepsOf(config, data) }, resumed)
  } finally {
    closeTraining(state)
  }
}

const stepsOf = ({ result }: RunConfig, data: Dataset): number =>
  totalSteps(result.optimisation, data.size)

async function trainFrom(
  training: Training,
  resumed: FoundCheckpoint | undefined,
): Promise<Trained> {
  const { spool, runKey, totalSteps: total, world } = training
  const first = resumed?.manifest.step ?? 0
  const { batchSize } = training.config.result.optimisation
  await spool.write([
    {
      kind: 'Started',
      step: first,
      totalSteps: total,
      imagesSeen: first * batchSize,
      metrics: {},
      message: resumed ? `goes on from ${resumed.folder}` : 'starts from the initial weights',
    },
  ])
  const progress = await runSteps(training, first)
  const { step } = progress
  const outcome = { runKey, step, totalSteps: total, imagesSeen: step * batchSize }
  if (step < total) return interrupted(training, { ...outcome, progress })
  const result = await finishTraining(training, progress)
  await end(spool, { ...outcome, metrics: result.metrics, message: 'Succeeded' })
  const { metrics } = result
  return { ...outcome, ...computed(world), metrics, isInterrupted: false }
}

const computed = ({ backend }: TrainerWorld) => ({ backend, reused: false, evaluations: [] })

interface Counters {
  readonly step: number
  readonly totalSteps: number
  readonly imagesSeen: number
}

async function interrupted(
  { spool, world }: Training,
  { progress, ...outcome }: Counters & { readonly runKey: string; readonly progress: Progress },
): Promise<Trained> {
  const metrics = progress.loss === undefined ? {} : { loss: progress.loss }
  await end(spool, { ...outcome, metrics, message: `Interrupted: ${String(world.signal.reason)}` })
  return { ...outcome, ...computed(world), metrics, isInterrupted: true }
}

async function end(
  spool: Spool,
  {
    step,
    totalSteps: total,
    imagesSeen,
    metrics,
    message,
  }: Counters & {
    readonly metrics: Readonly<Record<string, number>>
    readonly message: string
  },
): Promise<void> {
  await spool.write([{ kind: 'Ended', step, totalSteps: total, imagesSeen, metrics, message }])
}

/** Reports the result that is there, and the evaluations that are. */
async function reuse(
  { config, world, spool }: Pick<Training, 'config' | 'world' | 'spool'>,
  result: RunResult,
): Promise<Trained> {
  const { runKey, totalSteps: total, imagesSeen, metrics, backend } = result
  const counters = { step: result.final.step, totalSteps: total, imagesSeen }
  const evaluations = await findEvaluations({ ...world, config, training: result })
  await spool.write(
    evaluations.flatMap(({ name, measured }) => measured.map((one) => evaluationReport(name, one))),
  )
  await end(spool, { ...counters, metrics, message: 'Succeeded: the result was there' })
  return { runKey, ...counters, metrics, backend, reused: true, evaluations, isInterrupted: false }
}

async function resume({
  config,
  world,
  runKey,
}: Pick<Training, 'config' | 'world' | 'runKey'>): Promise<FoundCheckpoint | undefined> {
  const { storage: root } = config.execution
  const { found, skipped } = await findCheckpoint({ storage: world.storage, root, runKey })
  for (const { folder, why } of skipped) {
    const say = why === NEVER_COMPLETED ? world.log : world.warn
    say('Passed over a checkpoint', { folder, why })
  }
  if (found) world.log('Goes on from a checkpoint', { folder: found.folder })
  return found
}

/** The result under a key. One that is damaged counts as none: training goes on from its last checkpoint and writes it anew. */
async function readResult(
  { storage, log }: TrainerWorld,
  runKey: string,
): Promise<RunResult | undefined> {
  const path = runResultPath(runKey)
  const result = await readStored(storage, path, RunResult)
  if (result.kind === 'Damaged') log('Passed over a damaged result', { path })
  return result.kind === 'Found' ? result.value : undefined
}
