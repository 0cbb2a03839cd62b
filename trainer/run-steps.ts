import type { RunConfig } from '../crds/run-config.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import type { ReportBody, Spool } from '../pod/spool.ts'
import { checkpointsFolder } from '../pod/storage-layout.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import { randomStream } from '../vision/random/random-stream.ts'
import { drawDropPath } from '../vision/vit/stochastic-depth.ts'
import { batchAt } from './core/sample-order.ts'
import type { StepDraws } from './core/step-gradients.ts'
import type { TrainingState } from './core/training-state.ts'
import { type StepOutcome, trainingStep } from './core/training-step.ts'
import { stackViews, type ViewBatch } from './core/view-batch.ts'
import { makeViews } from './core/views/make-views.ts'
import { pruneCheckpoints } from './io/prune-checkpoints.ts'
import { shardsOf } from './io/shards.ts'
import { writeCheckpoint } from './io/write-checkpoint.ts'
import type { TrainerWorld } from './train.ts'

/** One training of one pod. */
export interface Training {
  readonly config: RunConfig
  readonly world: TrainerWorld
  readonly runKey: string
  /** Folder of the attempt under the storage. */
  readonly folder: string
  readonly spool: Spool
  readonly state: TrainingState
  readonly data: Dataset
  readonly totalSteps: number
}

export interface Progress {
  /** Finished steps. */
  readonly step: number
  /** Of the last step that this pod made; undefined when it made none. */
  readonly loss: number | undefined
}

/** Report lines wait at most so long, and never beyond the next checkpoint. */
const FLUSH_EVERY_MS = 1000

/** The steps whose checkpoint an evaluation waits for. */
export function keptSteps({ config, totalSteps }: Training): ReadonlyMap<number, number> {
  const fractions = config.execution.keepAt.filter((at) => at > 0)
  return new Map(fractions.map((at) => [at, Math.round(at * totalSteps)]))
}

/** Makes the steps from `first` on, with reports and checkpoints, until the last one or the signal. */
export async function runSteps(training: Training, first: number): Promise<Progress> {
  const { world, totalSteps } = training
  const reports = reportBuffer(training)
  let progress: Progress = { step: first, loss: undefined }
  let saved = first
  while (progress.step < totalSteps && !world.signal.aborted) {
    const startedMs = world.monotonicMs()
    const outcome = await makeStep(training, progress.step)
    progress = { step: progress.step + 1, loss: outcome.loss }
    await reports.add(stepReport(training, { progress, outcome, startedMs }))
    if (isCheckpointDue(training, progress.step)) {
      await reports.flush()
      await saveCheckpoint(training, progress)
      saved = progress.step
    }
    await world.breathe()
  }
  await reports.flush()
  if (saved !== progress.step) await saveCheckpoint(training, progress)
  return progress
}

function isCheckpointDue(training: Training, step: number): boolean {
  const { everySteps } = training.config.execution.checkpoint
  if (training.world.checkpoints?.isAsked()) return true
  if (step === training.totalSteps || step % everySteps === 0) return true
  return [...keptSteps(training).values()].includes(step)
}

async function makeStep(training: Training, step: number): Promise<StepOutcome> {
  const { state, totalSteps } = training
  const batch = await viewsAt(training, step)
  const draws = drawsAt(training, step, batch)
  const outcome = trainingStep(state, batch, { place: { step, totalSteps }, draws })
  if (outcome.isFinite) return outcome
  throw new PodFailure(
    `the loss is ${outcome.loss} at step ${step + 1} of ${totalSteps}, or a gradient is not finite: set loss.epsilon (1e-6, say), lower loss.studentSteepness and loss.teacherSteepness, or lower the learning rates`,
    { code: 'LossNotFinite', reason: 'NotFinite' },
  )
}

/** The views of a step: they depend on nothing but seed, epoch and sample. */
async function viewsAt({ config, data }: Training, step: number): Promise<ViewBatch> {
  const { views, seed, optimisation } = config.result
  const { batchSize } = optimisation
  const { epoch, samples } = batchAt({ seed, size: data.size, batchSize }, step)
  const made = []
  for (const sample of samples) {
    made.push(makeViews(await data.image(sample), views, { seed, epoch, sample }))
  }
  return stackViews(made, views)
}

function drawsAt({ config }: Training, step: number, batch: ViewBatch): StepDraws {
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

interface Stepped {
  readonly progress: Progress
  readonly outcome: StepOutcome
  readonly startedMs: number
}

function stepReport(
  { config, world, totalSteps }: Training,
  { progress: { step }, outcome, startedMs }: Stepped,
): ReportBody {
  const { batchSize } = config.result.optimisation
  const seconds = Math.max(world.monotonicMs() - startedMs, 1e-3) / 1000
  const metrics = {
    loss: outcome.loss,
    imagesPerSecond: batchSize / seconds,
    backboneRate: outcome.scheduled.backboneRate,
  }
  return { kind: 'Step', step, totalSteps, imagesSeen: step * batchSize, metrics }
}

/** Gathers step reports, so that durable writes stay rare beside short steps. */
function reportBuffer({ config, world, spool, totalSteps }: Training) {
  let waiting: ReportBody[] = []
  let flushedMs = world.monotonicMs()
  const flush = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    flushedMs = world.monotonicMs()
    await spool.write(batch)
  }
  const add = async (report: ReportBody): Promise<void> => {
    world.stepped?.(report)
    const isLast = report.step === totalSteps
    if (report.step % config.execution.reportEverySteps === 0 || isLast) {
      waiting.push(report)
      world.log('Step', { step: report.step, ...report.metrics })
    }
    if (world.monotonicMs() - flushedMs >= FLUSH_EVERY_MS) await flush()
  }
  return { add, flush }
}

/** Writes a checkpoint, reports it, and only then removes older ones. */
async function saveCheckpoint(training: Training, { step }: Progress): Promise<void> {
  const { config, world, runKey, folder, spool, state, totalSteps } = training
  const { batchSize } = config.result.optimisation
  const imagesSeen = step * batchSize
  const settings = config.result
  const written = await writeCheckpoint(world.storage, {
    folder: checkpointsFolder(folder),
    facts: { runKey, step, totalSteps, imagesSeen, settings, backend: world.backend },
    shards: shardsOf(state),
  })
  world.log('Checkpoint', { step, folder: written.folder })
  const message = written.folder
  await spool.write([{ kind: 'Checkpoint', step, totalSteps, imagesSeen, metrics: {}, message }])
  const digest = written.shards.student?.sha256 ?? ''
  world.checkpoints?.made({ step, folder: written.folder, digest })
  await pruneCheckpoints({
    storage: world.storage,
    runKey,
    keep: config.execution.checkpoint.keep,
    keptSteps: new Set(keptSteps(training).values()),
  })
}
