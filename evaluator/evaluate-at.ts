import type { EvaluationFile } from '../crds/evaluation-file.ts'
import type { PodIdentity } from '../crds/run-config.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { buildParameters } from '../vision/vit/build-parameters.ts'
import { evaluateBackbone } from './evaluate-backbone.ts'
import { backboneDigest } from './io/backbone-digest.ts'
import { awaitEvaluation, type Claim, type Claimed, claimEvaluation } from './io/claim.ts'
import { evaluationKey } from './io/evaluation-key.ts'
import { readEvaluation, writeEvaluation } from './io/evaluation-store.ts'
import { readTrainedWeights, type TrainedWeights } from './io/find-weights.ts'
import type { OpenEvaluation } from './open-evaluation.ts'

/** Pictures in a figure, whose predictions are kept. */
const FIGURE_PICTURES = 6

/** What was measured at one fraction of the schedule, or found under its key. */
export interface Found {
  readonly file: EvaluationFile
  readonly weights: TrainedWeights
  readonly reused: boolean
}

/** One fraction; undefined when another process computes it and `whenHeld` says not to wait. */
export async function evaluateAt(
  opened: OpenEvaluation,
  at: number,
  whenHeld: 'Skip' | 'Wait',
): Promise<Found | undefined> {
  const { config, settings, world } = opened
  const weights = at === 0 ? opened.initial : await readTrained(opened, at)
  const digest = backboneDigest(config.result.model, weights.weights)
  const key = evaluationKey({
    numericsVersion: config.result.numericsVersion,
    backboneDigest: digest,
    memoryDigest: opened.memory.manifestDigest,
    validationDigest: opened.validation.manifestDigest,
    settings,
  })
  const claimed = await claim(opened, key, whenHeld)
  if (claimed.kind === 'Held') return undefined
  if (claimed.kind === 'Done') {
    const file = await readEvaluation(world.storage, key)
    if (file === undefined) throw new Error(`evaluations/${key} was removed while it was read`)
    world.log('Finding the evaluation under its key', { at, key })
    return { file, weights, reused: true }
  }
  try {
    world.log('Evaluating', { at, key, step: weights.step })
    const file = await measure(opened, {
      weights: weights.weights,
      digest,
      key,
      claim: claimed.claim,
    })
    return { file, weights, reused: false }
  } finally {
    await claimed.claim.release()
  }
}

function claim(
  { config, world }: OpenEvaluation,
  key: string,
  whenHeld: 'Skip' | 'Wait',
): Promise<Claimed> {
  const { storage, monotonicMs, signal } = world
  const options = { storage, monotonicMs, key, identity: config.identity }
  if (whenHeld === 'Skip') return claimEvaluation(options)
  const sleep = async (ms: number) => {
    throwIfStopped(signal, config.identity)
    await world.sleep(ms)
  }
  return awaitEvaluation({ ...options, sleep })
}

function readTrained(opened: OpenEvaluation, at: number): Promise<TrainedWeights> {
  const { config, settings, world } = opened
  return readTrainedWeights({
    storage: world.storage,
    root: config.execution.storage,
    runKey: opened.runKey,
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

async function measure(opened: OpenEvaluation, { weights, digest, key, claim }: Measuring) {
  const { config, settings, world, memory, validation } = opened
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
