import { scheduleStep } from '../method/schedule-step.ts'
import { pruneCheckpoints } from './io/prune-checkpoints.ts'
import { buildShards } from './io/shards.ts'
import { writeCheckpoint } from './io/write-checkpoint.ts'
import type { StepProgress, TrainingRun } from './training-run.ts'

/** The steps whose checkpoint an evaluation waits for. */
export function retainedSteps({ config, totalSteps }: TrainingRun): ReadonlyMap<number, number> {
  const fractions = config.execution.keepAt.filter((at) => at > 0)
  return new Map(fractions.map((at) => [at, scheduleStep(at, totalSteps)]))
}

/**
 * Whether a checkpoint is written after `step` steps: on request, on schedule, or for an
 * evaluation.
 */
export function isCheckpointDue(training: TrainingRun, step: number): boolean {
  const { everySteps } = training.config.execution.checkpoint
  if (training.dependencies.checkpointRequests?.isRequested()) return true
  if (step === training.totalSteps || step % everySteps === 0) return true
  return [...retainedSteps(training).values()].includes(step)
}

/** Writes a checkpoint, reports it, and only then removes older ones. */
export async function saveCheckpoint(training: TrainingRun, { step }: StepProgress): Promise<void> {
  const { config, dependencies, runKey, folder, spool, state, totalSteps } = training
  const { batchSize } = config.result.optimizer
  const imagesSeen = step * batchSize
  const settings = config.result
  const written = await writeCheckpoint(dependencies.storage, {
    attempt: folder,
    facts: { runKey, step, totalSteps, imagesSeen, settings, backend: dependencies.backend },
    shards: buildShards(state),
  })
  dependencies.log('Checkpoint', { step, folder: written.folder })
  const message = written.folder
  await spool.write([{ kind: 'Checkpoint', step, totalSteps, imagesSeen, metrics: {}, message }])
  const digest = written.shards.student?.sha256 ?? ''
  dependencies.checkpointRequests?.saved({ step, folder: written.folder, digest })
  await pruneCheckpoints({
    storage: dependencies.storage,
    runKey,
    keep: config.execution.checkpoint.keep,
    retainedSteps: new Set(retainedSteps(training).values()),
  })
}
