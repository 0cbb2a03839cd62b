import type { RunConfig } from '../crds/run-config.ts'
import type { EvaluationResult } from '../crds/run-report.ts'
import { type Measured, writeReceipt } from '../pod/evaluation-receipt.ts'
import { evaluationReport, evaluationResult, stageName } from '../pod/evaluation-report.ts'
import { evaluateAt, type Found } from './evaluate-at.ts'
import { type FigureStage, writeFigure } from './io/write-figure.ts'
import { type EvaluatorWorld, type OpenEvaluation, openEvaluation } from './open-evaluation.ts'
import { PROFILES } from './profiles.ts'

export interface Evaluated {
  readonly runKey: string
  readonly step: number
  /** Identity of the backend that computed the last result, which may be found under its key. */
  readonly backend: string
  /** Whether every result was found under its key. */
  readonly reused: boolean
  readonly evaluations: readonly EvaluationResult[]
}

/**
 * Measures the backbone at every fraction of the schedule in `evaluation.at`. What another process
 * is computing already, such as the evaluation before training, is waited for last.
 */
export async function runEvaluations(config: RunConfig, world: EvaluatorWorld): Promise<Evaluated> {
  const opened = await openEvaluation(config, world)
  const fractions = [...opened.settings.at].sort((a, b) => a - b)
  const free = new Map<number, Found>()
  for (const at of fractions) {
    const found = await evaluateAt(opened, at, 'Skip')
    if (found !== undefined) free.set(at, found)
  }
  const stages: FigureStage[] = []
  const measured: Measured[] = []
  let last: Found | undefined
  for (const at of fractions) {
    last = free.get(at) ?? (await evaluateAt(opened, at, 'Wait'))
    if (last === undefined) throw new Error('an evaluation that is waited for is found')
    stages.push({ name: stageName(at), file: last.file })
    measured.push(await finish(opened, { ...last, at, stages }))
  }
  await leaveReceipt(opened, measured)
  return {
    runKey: opened.runKey,
    step: last?.weights.step ?? 0,
    backend: last?.file.backend ?? world.backend,
    reused: [...free.values()].every((found) => found.reused) && free.size === fractions.length,
    evaluations: measured.map(evaluationResult),
  }
}

/** So that a later training of the same key, which finds its result, finds these too. */
async function leaveReceipt(opened: OpenEvaluation, measured: readonly Measured[]): Promise<void> {
  const { world, config, settings, memory, validation, training } = opened
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

/** Draws the figure and reports. */
async function finish(
  opened: OpenEvaluation,
  { file, weights, at, stages }: Found & { at: number; stages: readonly FigureStage[] },
): Promise<Measured> {
  const { world, settings, memory, validation } = opened
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
  await world.report(opened.runKey, evaluationReport(settings.name, measured))
  return measured
}
