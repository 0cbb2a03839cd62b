import type { RunConfig } from '../crds/run-config.ts'
import { RunResult } from '../crds/run-result.ts'
import type { EvaluationSettings } from '../crds/sections/evaluation.ts'
import { digestMemory } from '../pod/digest-memory.ts'
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
import { readInitialWeights, type TrainedWeights } from './io/find-weights.ts'

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

/** One evaluation of a run, with its data. */
export interface OpenEvaluation {
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

/** Opens the data of an evaluation and computes the key of its run. Throws PodFailure, StorageError, DatasetError, WeightsError. */
export async function openEvaluation(
  config: RunConfig,
  world: EvaluatorWorld,
): Promise<OpenEvaluation> {
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
