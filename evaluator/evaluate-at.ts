import type { EvaluationFile } from '../contract/evaluation-file.ts'
import type { PodIdentity } from '../contract/run-config.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { evaluationFolder } from '../pod/storage-layout.ts'
import { buildParameters } from '../vision/vit/build-parameters.ts'
import { evaluateBackbone } from './evaluate-backbone.ts'
import { type Claim, type ClaimOutcome, claimEvaluation, waitForClaim } from './io/claim.ts'
import { computeBackboneDigest, computeEvaluationKey } from './io/evaluation-key.ts'
import { readEvaluation, writeEvaluation } from './io/evaluation-store.ts'
import {
  readCheckpointWeights,
  readTrainedWeights,
  type TrainedWeights,
} from './io/read-weights.ts'
import type { EvaluationContext } from './open-evaluation.ts'

/** Images in a figure, whose predictions are stored. */
const FIGURE_IMAGES = 6

/** What was measured at one fraction of the schedule, or found under its key. */
export interface FractionEvaluation {
  readonly file: EvaluationFile
  readonly weights: TrainedWeights
  readonly reused: boolean
}

/** One fraction; undefined when another process computes it and `whenHeld` says not to wait. */
export async function evaluateAtFraction(
  opened: EvaluationContext,
  at: number,
  whenHeld: 'Skip' | 'Wait',
): Promise<FractionEvaluation | undefined> {
  const { config, settings, dependencies } = opened
  const weights = at === 0 ? opened.initial : await readWeightsAtFraction(opened, at)
  const digest = computeBackboneDigest(config.result.model, weights.weights)
  const key = computeEvaluationKey({
    numericsVersion: config.result.numericsVersion,
    backboneDigest: digest,
    memoryDigest: opened.memory.manifestDigest,
    validationDigest: opened.validation.manifestDigest,
    settings,
  })
  const claimed = await claim(opened, key, whenHeld)
  if (claimed.kind === 'Held') return undefined
  if (claimed.kind === 'Done') {
    const file = await readEvaluation(dependencies.storage, key)
    if (file === undefined)
      throw new Error(`${evaluationFolder(key)} was removed while it was read`)
    dependencies.log('Finding the evaluation under its key', { at, key })
    return { file, weights, reused: true }
  }
  try {
    dependencies.log('Evaluating', { at, key, step: weights.step })
    const file = await evaluateWeights(opened, {
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
  { config, dependencies }: EvaluationContext,
  key: string,
  whenHeld: 'Skip' | 'Wait',
): Promise<ClaimOutcome> {
  const { storage, monotonicMs, signal } = dependencies
  const options = { storage, monotonicMs, key, identity: config.identity }
  if (whenHeld === 'Skip') return claimEvaluation(options)
  const sleep = async (ms: number) => {
    throwIfStopped(signal, config.identity)
    await dependencies.sleep(ms)
  }
  return waitForClaim({ ...options, sleep })
}

function readWeightsAtFraction(opened: EvaluationContext, at: number): Promise<TrainedWeights> {
  const { config, settings, dependencies } = opened
  const location = {
    storage: dependencies.storage,
    runKey: opened.runKey,
    model: config.result.model,
    source: settings.source,
  }
  const checkpoint = opened.checkpoints.get(at)
  return checkpoint === undefined
    ? readTrainedWeights(location, at)
    : readCheckpointWeights(location, checkpoint)
}

interface EvaluationTarget {
  readonly weights: TrainedWeights['weights']
  readonly digest: string
  readonly key: string
  readonly claim: Claim
}

async function evaluateWeights(
  opened: EvaluationContext,
  { weights, digest, key, claim }: EvaluationTarget,
) {
  const { config, settings, dependencies, memory, validation } = opened
  const { model } = config.result
  const parameters = buildParameters(model, { weights, initSeed: model.initSeed })
  try {
    const measured = await evaluateBackbone({
      backbone: { settings: { ...model, dropPathRate: 0 }, parameters },
      settings,
      memory,
      validation,
      onBatchEnd: async () => {
        await dependencies.sleep(0)
        throwIfStopped(dependencies.signal, config.identity)
        await claim.renew()
      },
      retainedPredictions: FIGURE_IMAGES,
    })
    const file = {
      schemaVersion: 1 as const,
      key,
      protocols: [...settings.protocols],
      metrics: { ...measured.metrics },
      classes: validation.classes.map(({ name }) => name),
      iouPercentByClass: copyLists(measured.iouPercentByClass),
      backend: dependencies.backend,
      backboneDigest: digest,
    }
    return await writeEvaluation(dependencies.storage, file, measured.predictions)
  } finally {
    for (const parameter of parameters.values()) parameter.dispose()
  }
}

const copyLists = (lists: Readonly<Record<string, readonly number[]>>): Record<string, number[]> =>
  Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, [...values]]))

function throwIfStopped(signal: AbortSignal, { run }: PodIdentity): void {
  if (!signal.aborted) return
  throw new PodFailure(`${run}: stopped (${String(signal.reason)}); a later attempt starts again`, {
    code: 'Interrupted',
    reason: 'Interrupted',
  })
}
