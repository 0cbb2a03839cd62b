import { tidy } from '@tensorflow/tfjs-core'
import { PodFailure } from '../pod/pod-failure.ts'
import { gradientNorm } from '../vision/ops/gradient-norm.ts'
import { type ValueAndGradients, valueAndGradients } from '../vision/ops/value-and-gradients.ts'
import {
  alignAndDrawReferences,
  pushToQueue,
  runStudent,
  runTeacher,
  type StepDraws,
} from './core/loss-inputs.ts'
import { necoLoss } from './core/neco-loss.ts'
import { computeScheduledValues, type ScheduledValues } from './core/schedules.ts'
import { selectTrainableVariables, type TrainingState } from './core/training-state.ts'
import { updateStudent, updateTeacher } from './core/update-parameters.ts'
import type { ViewBatch } from './core/view-batch.ts'
import { isCheckpointDue, saveCheckpoint } from './save-checkpoint.ts'
import { createStepDraws, loadViewBatch } from './step-inputs.ts'
import { buildStepReport, createReportBuffer } from './step-reports.ts'
import type { StepProgress, TrainingRun } from './training-run.ts'

/*
 * The training recipe of NeCo (docs/method.md §1), top down: the loop over steps, one step, and the
 * forward and backward pass of one step. train.ts loads or resumes before it, and finishes after
 * it.
 */

/**
 * Runs the steps from `firstStep` on, with reports and checkpoints, to the last one or the signal.
 */
export async function runSteps(training: TrainingRun, firstStep: number): Promise<StepProgress> {
  const { dependencies, state, totalSteps } = training
  const reports = createReportBuffer(training)
  let progress: StepProgress = { step: firstStep, loss: undefined }
  let savedStep = firstStep
  while (progress.step < totalSteps && !dependencies.signal.aborted) {
    const startedMs = dependencies.monotonicMs()
    const place = { step: progress.step, totalSteps }
    const batch = await loadViewBatch(training, place.step) // [crops·B, 3, H, W]
    const draws = createStepDraws(training, place.step, batch)
    const result = runTrainingStep(state, batch, { place, draws })
    if (!result.isFinite) throw buildNotFiniteFailure(result.loss, place)
    progress = { step: place.step + 1, loss: result.loss }
    await reports.add(buildStepReport(training, { ...result, step: progress.step, startedMs }))
    if (isCheckpointDue(training, progress.step)) {
      await reports.flush()
      await saveCheckpoint(training, progress)
      savedStep = progress.step
    }
    await dependencies.yieldToEventLoop()
  }
  await reports.flush()
  if (savedStep !== progress.step) await saveCheckpoint(training, progress)
  return progress
}

export interface StepPosition {
  /** Counts from 0. */
  readonly step: number
  readonly totalSteps: number
}

export interface StepResult {
  readonly loss: number
  /** False when the loss or a gradient is NaN or infinite: then no parameter has changed. */
  readonly isFinite: boolean
  readonly scheduled: ScheduledValues
}

/**
 * One step of training in the order of the released program (docs/method.md §1.7): forward and
 * backward pass, then the EMA with the student as it was before this step, then the optimizer.
 * A loss of exactly 0 changes no parameter of the student. Golden file: neco_train_steps.json.
 */
export function runTrainingStep(
  state: TrainingState,
  batch: ViewBatch,
  { place, draws }: { readonly place: StepPosition; readonly draws: StepDraws },
): StepResult {
  const scheduled = computeScheduledValues(state.settings.optimizer, place)
  const { value: loss, gradients } = computeStepGradients(state, batch, draws)
  const isUsable = Number.isFinite(loss) && Number.isFinite(gradientNorm(gradients.values()))
  if (isUsable) {
    updateTeacher(state, scheduled.teacherMomentum)
    if (loss !== 0) updateStudent(state, gradients, scheduled)
  }
  for (const gradient of gradients.values()) gradient.dispose()
  return { loss, isFinite: isUsable, scheduled }
}

/**
 * Loss and gradients of one step (docs/method.md §1.3 to §1.6): teacher on the global crops, queue,
 * references, student on all crops, loss. Dispose the gradients after use.
 */
export function computeStepGradients(
  state: TrainingState,
  batch: ViewBatch,
  draws: StepDraws,
): ValueAndGradients {
  const { settings, student } = state
  const teacher = runTeacher(state, batch) // features [2·B·P, D]
  pushToQueue(state, { images: batch.images, teacher }, draws.queue)
  const aligned = alignAndDrawReferences(state, { batch, teacher }, draws.references)
  const computeLoss = () =>
    tidy(() => {
      const features = runStudent(state, batch, { ...draws, teacher }) // [crops·B·P, D]
      return necoLoss({ features, ...aligned }, settings.loss, batch.images) // scalar
    })
  const result = valueAndGradients(computeLoss, selectTrainableVariables(settings, student))
  teacher.features?.dispose()
  return result
}

const buildNotFiniteFailure = (loss: number, { step, totalSteps }: StepPosition): PodFailure =>
  new PodFailure(
    `the loss is ${loss} at step ${step + 1} of ${totalSteps}, or a gradient is not finite: set loss.epsilon (1e-6, say), lower loss.studentSteepness and loss.teacherSteepness, or lower the learning rates`,
    { code: 'LossNotFinite', reason: 'NotFinite' },
  )
