import type { EvaluationFile } from '../crds/evaluation-file.ts'
import type { PodIdentity, RunConfig } from '../crds/run-config.ts'
import type { EvaluationResult } from '../crds/run-report.ts'
import { RunResult } from '../crds/run-result.ts'
import type { EvaluationSettings } from '../crds/sections/evaluation.ts'
import { digestMemory } from '../pod/digest-memory.ts'
import { type Measured, writeReceipt } from '../pod/evaluation-receipt.ts'
import { evaluationReport, evaluationResult, stageName } from '../pod/evaluation-report.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { readStored } from '../pod/read-stored.ts'
import { runKey } from '../pod/run-key.ts'
import type { ReportBody } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import { runResultPath } from '../pod/storage-layout.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import { openDataset } from '../vision/datasets/open-dataset.ts'
import { warnOfSkipped } from '../vision/datasets/warn-of-skipped.ts'
import { buildParameters, parameterValues } from '../vision/vit/build-parameters.ts'
import { evaluateBackbone } from './evaluate-backbone.ts'
import { backboneDigest } from './io/backbone-digest.ts'
import { awaitEvaluation, type Claim, type Claimed, claimEvaluation } from './io/claim.ts'
import { evaluationKey } from './io/evaluation-key.ts'
import { readEvaluation, writeEvaluation } from './io/evaluation-store.ts'
import { readInitialWeights, readTrainedWeights, type TrainedWeights } from './io/find-weights.ts'
import { type FigureStage, writeFigure } from './io/write-figure.ts'
import { PROFILES } from './profiles.ts'

/** The outside world of an evaluator. */
export interface EvaluatorWorld {
  readonly storage: Storage
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

export interface Evaluated {
  readonly runKey: string
  readonly step: number
  /** Identity of the backend that computed the last result, which may be found under its key. */
  readonly backend: string
  /** Whether every result was found under its key. */
  readonly reused: boolean
  readonly evaluations: readonly EvaluationResult[]
}

/** Pictures in a figure, whose predictions are kept. */
const FIGURE_PICTURES = 6

/**
 * Measures the backbone at every fraction of the schedule in `evaluation.at`. What another process
 * is computing already, such as the evaluation before training, is waited for last.
 */
export async function runEvaluations(config: RunConfig, world: EvaluatorWorld): Promise<Evaluated> {
  const job = await openJob(config, world)
  const fractions = [...job.settings.at].sort((a, b) => a - b)
  const free = new Map<number, Found>()
  for (const at of fractions) {
    const found = await evaluateAt(job, at, 'Skip')
    if (found !== undefined) free.set(at, found)
  }
  const stages: FigureStage[] = []
  const measured: Measured[] = []
  let last: Found | undefined
  for (const at of fractions) {
    last = free.get(at) ?? (await evaluateAt(job, at, 'Wait'))
    if (last === undefined) throw new Error('an evaluation that is waited for is found')
    stages.push({ name: stageName(at), file: last.file })
    measured.push(await finish(job, { ...last, at, stages }))
  }
  await leaveReceipt(job, measured)
  return {
    runKey: job.runKey,
    step: last?.weights.step ?? 0,
    backend: last?.file.backend ?? world.backend,
    reused: [...free.values()].every((found) => found.reused) && free.size === fractions.length,
    evaluations: measured.map(evaluationResult),
  }
}

/** So that a later training of the same key, which finds its result, finds these too. */
async function leaveReceipt(job: Job, measured: readonly Measured[]): Promise<void> {
  const { world, config, settings, memory, validation, training } = job
  if (training === undefined) return
  const identity = {
    numericsVersion: config.result.numericsVersion,
    settings,
    memoryDigest: memory.manifestDigest,
    validationDigest: validation.manifestDigest,
    training,
  }
  await writeReceipt(world.storage, identity, measured)
}

interface Job {
  readonly config: RunConfig
  readonly settings: EvaluationSettings
  readonly world: EvaluatorWorld
  readonly memory: Dataset
  readonly validation: Dataset
  readonly initial: TrainedWeights
  readonly runKey: string
  /** Undefined where only the weights before training are measured, and it is not there. */
  readonly training: RunResult | undefined
}

async function openJob(config: RunConfig, world: EvaluatorWorld): Promise<Job> {
  const settings = config.evaluation
  if (settings === undefined) {
    throw new PodFailure('run-config: evaluation: an evaluator needs it', {
      code: 'EvaluationMissing',
      reason: 'UserError',
    })
  }
  const home = { volumes: config.execution.volumes, digests: digestMemory(world.storage) }
  const memory = await openDataset(settings.memory, home)
  const validation = await openDataset(settings.validation, home)
  checkClasses(settings.name, memory, validation)
  warnOfSkipped(`evaluations ${settings.name}: memory`, memory, world.warn)
  warnOfSkipped(`evaluations ${settings.name}: validation`, validation, world.warn)
  const data = await openDataset(config.result.data, home)
  const weights = await readInitialWeights(config)
  const key = runKey({
    result: config.result,
    weightsDigest: weights.digest,
    dataManifestDigest: data.manifestDigest,
  })
  const training = await readStored(world.storage, runResultPath(key), RunResult)
  return {
    config,
    settings,
    world,
    memory,
    validation,
    initial: initialWeights(config, weights.weights),
    runKey: key,
    training: training.kind === 'Found' ? training.value : undefined,
  }
}

function checkClasses(name: string, memory: Dataset, validation: Dataset): void {
  const namesOf = ({ classes }: Dataset) => classes.map((entry) => entry.name).join(', ')
  if (namesOf(memory) === namesOf(validation)) return
  throw new PodFailure(
    `evaluations ${name}: memory has the classes ${namesOf(memory) || 'none'} and validation ${namesOf(validation) || 'none'}: both need the same masks`,
    { code: 'ClassesDiffer', reason: 'UserError' },
  )
}

/** Before training: the file of weights, or the random numbers that training starts from. */
function initialWeights(
  { result: { model } }: RunConfig,
  weights: TrainedWeights['weights'] | undefined,
): TrainedWeights {
  const parameters = buildParameters(model, { weights, initSeed: model.initSeed })
  const values = parameterValues(parameters)
  for (const parameter of parameters.values()) parameter.dispose()
  return { weights: values, step: 0, totalSteps: 0, imagesSeen: 0 }
}

interface Found {
  readonly file: EvaluationFile
  readonly weights: TrainedWeights
  readonly reused: boolean
}

/** One fraction; undefined when another process computes it and `whenHeld` says not to wait. */
async function evaluateAt(
  job: Job,
  at: number,
  whenHeld: 'Skip' | 'Wait',
): Promise<Found | undefined> {
  const { config, settings, world } = job
  const weights = at === 0 ? job.initial : await readTrained(job, at)
  const digest = backboneDigest(config.result.model, weights.weights)
  const key = evaluationKey({
    numericsVersion: config.result.numericsVersion,
    backboneDigest: digest,
    memoryDigest: job.memory.manifestDigest,
    validationDigest: job.validation.manifestDigest,
    settings,
  })
  const claimed = await claim(job, key, whenHeld)
  if (claimed.kind === 'Held') return undefined
  if (claimed.kind === 'Done') {
    const file = await readEvaluation(world.storage, key)
    if (file === undefined) throw new Error(`evaluations/${key} was removed while it was read`)
    world.log('Finding the evaluation under its key', { at, key })
    return { file, weights, reused: true }
  }
  try {
    world.log('Evaluating', { at, key, step: weights.step })
    const file = await measure(job, { weights: weights.weights, digest, key, claim: claimed.claim })
    return { file, weights, reused: false }
  } finally {
    await claimed.claim.release()
  }
}

function claim({ config, world }: Job, key: string, whenHeld: 'Skip' | 'Wait'): Promise<Claimed> {
  const { storage, monotonicMs, signal } = world
  const options = { storage, monotonicMs, key, identity: config.identity }
  if (whenHeld === 'Skip') return claimEvaluation(options)
  const sleep = async (ms: number) => {
    throwIfStopped(signal, config.identity)
    await world.sleep(ms)
  }
  return awaitEvaluation({ ...options, sleep })
}

function readTrained(job: Job, at: number): Promise<TrainedWeights> {
  const { config, settings, world } = job
  return readTrainedWeights({
    storage: world.storage,
    root: config.execution.storage,
    runKey: job.runKey,
    model: config.result.model,
    source: settings.source,
    at,
  })
}

interface Measuring {
  readonly weights: TrainedWeights['weights']
  readonly digest: string
  readonly key: string
  readonly claim: Claim
}

async function measure(job: Job, { weights, digest, key, claim }: Measuring) {
  const { config, settings, world, memory, validation } = job
  const { model } = config.result
  const parameters = buildParameters(model, { weights, initSeed: model.initSeed })
  try {
    const measured = await evaluateBackbone({
      backbone: { settings: { ...model, dropPathRate: 0 }, parameters },
      settings,
      memory,
      validation,
      between: async () => {
        await world.sleep(0)
        throwIfStopped(world.signal, config.identity)
        await claim.renew()
      },
      keptPredictions: FIGURE_PICTURES,
    })
    const file = {
      schemaVersion: 1 as const,
      key,
      protocols: [...settings.protocols],
      metrics: { ...measured.metrics },
      classes: validation.classes.map(({ name }) => name),
      iouPercentByClass: mutable(measured.iouPercentByClass),
      backend: world.backend,
      backboneDigest: digest,
    }
    return await writeEvaluation(world.storage, file, measured.predictions)
  } finally {
    for (const parameter of parameters.values()) parameter.dispose()
  }
}

const mutable = (lists: Readonly<Record<string, readonly number[]>>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]]))

function throwIfStopped(signal: AbortSignal, { run }: PodIdentity): void {
  if (!signal.aborted) return
  throw new PodFailure(`${run}: stopped (${String(signal.reason)}); a later attempt starts again`, {
    code: 'Interrupted',
    reason: 'Interrupted',
  })
}

/** Draws the figure and reports. */
async function finish(
  job: Job,
  { file, weights, at, stages }: Found & { at: number; stages: readonly FigureStage[] },
): Promise<Measured> {
  const { world, settings, memory, validation } = job
  const figure = await writeFigure({
    storage: world.storage,
    stages,
    validation,
    memoryPictures: memory.size,
    ignoreLabel: PROFILES[settings.profile].ignoreLabel,
  })
  const { step, totalSteps, imagesSeen } = weights
  const { key, metrics } = file
  const figures = figure === undefined ? [] : [figure]
  const measured = { key, at, metrics, figures, step, totalSteps, imagesSeen }
  await world.report(job.runKey, evaluationReport(settings.name, measured))
  return measured
}
