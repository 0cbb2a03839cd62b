import type { RunConfig } from '../contract/run-config.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import type { ReportBody, Spool } from '../pod/spool.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import { randomStream } from '../vision/random/random-stream.ts'
import { drawDropPath } from '../vision/vit/stochastic-depth.ts'
import { batchAt } from './core/sample-order.ts'
import type { StepDraws } from './core/step-gradients.ts'
import type { TrainingState } from './core/training-state.ts'
import { runTrainingStep, type StepResult } from './core/training-step.ts'
import { stackViews, type ViewBatch } from './core/view-batch.ts'
import { makeViews } from './core/views/make-views.ts'
import { pruneCheckpoints } from './io/prune-checkpoints.ts'
import { buildShards } from './io/shards.ts'
import { writeCheckpoint } from './io/write-checkpoint.ts'
import type { TrainerDependencies } from './train.ts'

/** One training of one pod. */
export interface TrainingRun {
  readonly config: RunConfig
  readonly dependencies: TrainerDependencies
  readonly runKey: string
  /** Folder of the attempt under the storage. */
  readonly folder: string
  readonly spool: Spool
  readonly state: TrainingState
  readonly data: Dataset
  readonly totalSteps: number
}

export interface StepProgress {
  /** Finished steps. */
  readonly step: number
  /** Of the last step that this pod made; undefined when it made none. */
  readonly loss: number | undefined
}

/** Report lines wait at most so long, and never beyond the next checkpoint. */
const FLUSH_EVERY_MS = 1000

/** The steps whose checkpoint an evaluation waits for. */
export function retainedSteps({ config, totalSteps }: TrainingRun): ReadonlyMap<number, number> {
  const fractions = config.execution.keepAt.filter((at) => at > 0)
  return new Map(fractions.map((at) => [at, Math.round(at * totalSteps)]))
}

/** Makes the steps from `first` on, with reports and checkpoints, until the last one or the signal. */
export async function runSteps(training: TrainingRun, first: number): Promise<StepProgress> {
  const { dependencies, totalSteps } = training
  const reports = createReportBuffer(training)
  let progress: StepProgress = { step: first, loss: undefined }
  let saved = first
  while (progress.step < totalSteps && !dependencies.signal.aborted) {
    const startedMs = dependencies.monotonicMs()
    const outcome = await runStep(training, progress.step)
    progress = { step: progress.step + 1, loss: outcome.loss }
    await reports.add(buildStepReport(training, { progress, outcome, startedMs }))
    if (isCheckpointDue(training, progress.step)) {
      await reports.flush()
      await saveCheckpoint(training, progress)
      saved = progress.step
    }
    await dependencies.yieldToEventLoop()
  }
  await reports.flush()
  if (saved !== progress.step) await saveCheckpoint(training, progress)
  return progress
}

function isCheckpointDue(training: TrainingRun, step: number): boolean {
  const { everySteps } = training.config.execution.checkpoint
  if (training.dependencies.checkpointRequests?.isRequested()) return true
  if (step === training.totalSteps || step % everySteps === 0) return true
  return [...retainedSteps(training).values()].includes(step)
}

async function runStep(training: TrainingRun, step: number): Promise<StepResult> {
  const { state, totalSteps } = training
  const batch = await loadViewBatch(training, step)
  const draws = createStepDraws(training, step, batch)
  const outcome = runTrainingStep(state, batch, { place: { step, totalSteps }, draws })
  if (outcome.isFinite) return outcome
  throw new PodFailure(
    `the loss is ${outcome.loss} at step ${step + 1} of ${totalSteps}, or a gradient is not finite: set loss.epsilon (1e-6, say), lower loss.studentSteepness and loss.teacherSteepness, or lower the learning rates`,
    { code: 'LossNotFinite', reason: 'NotFinite' },
  )
}

/** The views of a step: they depend on nothing but seed, epoch and sample. */
async function loadViewBatch({ config, data }: TrainingRun, step: number): Promise<ViewBatch> {
  const { views, seed, optimizer } = config.result
  const { batchSize } = optimizer
  const { epoch, samples } = batchAt({ seed, size: data.size, batchSize }, step)
  const sampleViews = []
  for (const sample of samples) {
    sampleViews.push(makeViews(await data.image(sample), views, { seed, epoch, sample }))
  }
  return stackViews(sampleViews, views)
}

function createStepDraws({ config }: TrainingRun, step: number, batch: ViewBatch): StepDraws {
  const { seed, model } = config.result
  const queue = randomStream({ seed, purpose: 'queue-references', indices: [step] })
  const references = randomStream({ seed, purpose: 'roi-references', indices: [step] })
  const depth = (part: number) =>
    randomStream({ seed, purpose: 'stochastic-depth', indices: [step, part] })
  const { images, global, local } = batch
  return {
    queue: (length) => queue.permutation(length),
    references: (length) => references.permutation(length),
    dropPath: {
      global: drawDropPath(model, images * global.crops, depth(0)),
      local: drawDropPath(model, images * local.crops, depth(1)),
    },
  }
}

interface CompletedStep {
  readonly progress: StepProgress
  readonly outcome: StepResult
  readonly startedMs: number
}

function buildStepReport(
  { config, dependencies, totalSteps }: TrainingRun,
  { progress: { step }, outcome, startedMs }: CompletedStep,
): ReportBody {
  const { batchSize } = config.result.optimizer
  const seconds = Math.max(dependencies.monotonicMs() - startedMs, 1e-3) / 1000
  const metrics = {
    loss: outcome.loss,
    imagesPerSecond: batchSize / seconds,
    backboneLearningRate: outcome.scheduled.backboneLearningRate,
  }
  return { kind: 'Step', step, totalSteps, imagesSeen: step * batchSize, metrics }
}

/** Gathers step reports, so that durable writes stay rare beside short steps. */
function createReportBuffer({ config, dependencies, spool, totalSteps }: TrainingRun) {
  let pendingReports: ReportBody[] = []
  let flushedMs = dependencies.monotonicMs()
  const flush = async (): Promise<void> => {
    const batch = pendingReports
    pendingReports = []
    flushedMs = dependencies.monotonicMs()
    await spool.write(batch)
  }
  const add = async (report: ReportBody): Promise<void> => {
    dependencies.onStep?.(report)
    const isLast = report.step === totalSteps
    if (report.step % config.execution.reportEverySteps === 0 || isLast) {
      pendingReports.push(report)
      dependencies.log('Step', { step: report.step, ...report.metrics })
    }
    if (dependencies.monotonicMs() - flushedMs >= FLUSH_EVERY_MS) await flush()
  }
  return { add, flush }
}

/** Writes a checkpoint, reports it, and only then removes older ones. */
async function saveCheckpoint(training: TrainingRun, { step }: StepProgress): Promise<void> {
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
