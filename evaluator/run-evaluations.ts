import type { RunConfig } from '../contract/run-config.ts'
import type { EvaluationResult } from '../contract/run-report.ts'
import { type MeasuredEvaluation, writeReceipt } from '../pod/evaluation-receipt.ts'
import { formatStage, toEvaluationReport, toEvaluationResult } from '../pod/evaluation-report.ts'
import { IGNORE_LABEL } from './core/ignore-label.ts'
import { evaluateAtFraction, type FractionEvaluation } from './evaluate-at.ts'
import { type FigureFraction, writeFigure } from './io/write-figure.ts'
import {
  type EvaluationContext,
  type EvaluatorDependencies,
  loadEvaluationContext,
} from './open-evaluation.ts'

export interface EvaluationSummary {
  readonly runKey: string
  readonly step: number
  /** Identity of the backend that computed the last result, which may be found under its key. */
  readonly backend: string
  /** Whether every result was found under its key. */
  readonly reused: boolean
  readonly evaluations: readonly EvaluationResult[]
  /** The fractions whose checkpoint is not complete yet, where the training continues. */
  readonly unmeasured: readonly number[]
}

/**
 * Measures the backbone at every fraction of the schedule in `evaluation.at`; beside a training
 * that goes on, at those whose checkpoint is complete. What another process is computing already,
 * such as the evaluation before training, is waited for last.
 */
export async function runEvaluations(
  config: RunConfig,
  dependencies: EvaluatorDependencies,
): Promise<EvaluationSummary> {
  const opened = await loadEvaluationContext(config, dependencies)
  const { fractions } = opened
  const unclaimedResults = new Map<number, FractionEvaluation>()
  for (const at of fractions) {
    const found = await evaluateAtFraction(opened, at, 'Skip')
    if (found !== undefined) unclaimedResults.set(at, found)
  }
  const stages: FigureFraction[] = []
  const measured: MeasuredEvaluation[] = []
  let last: FractionEvaluation | undefined
  for (const at of fractions) {
    last = unclaimedResults.get(at) ?? (await evaluateAtFraction(opened, at, 'Wait'))
    if (last === undefined) throw new Error('an evaluation that is waited for is found')
    stages.push({ name: formatStage(at), file: last.file })
    measured.push(await finishFraction(opened, { ...last, at, stages }))
  }
  await recordReceipt(opened, measured)
  return {
    runKey: opened.runKey,
    step: last?.weights.step ?? 0,
    backend: last?.file.backend ?? dependencies.backend,
    reused:
      fractions.length > 0 &&
      [...unclaimedResults.values()].every((found) => found.reused) &&
      unclaimedResults.size === fractions.length,
    evaluations: measured.map(toEvaluationResult),
    unmeasured: opened.unmeasured,
  }
}

/** So that a later training of the same key, which finds its result, finds these too. */
async function recordReceipt(
  opened: EvaluationContext,
  measured: readonly MeasuredEvaluation[],
): Promise<void> {
  const { dependencies, config, settings, memory, validation, training } = opened
  if (training === undefined) return
  const identity = {
    numericsVersion: config.result.numericsVersion,
    settings,
    memoryDigest: memory.manifestDigest,
    validationDigest: validation.manifestDigest,
    training,
  }
  await writeReceipt(dependencies.storage, identity, measured)
}

/** Draws the figure and reports. */
async function finishFraction(
  opened: EvaluationContext,
  {
    file,
    weights,
    at,
    stages,
  }: FractionEvaluation & { at: number; stages: readonly FigureFraction[] },
): Promise<MeasuredEvaluation> {
  const { dependencies, settings, memory, validation } = opened
  const figure = await writeFigure({
    storage: dependencies.storage,
    stages,
    validation,
    memoryImages: memory.size,
    ignoreLabel: IGNORE_LABEL,
  })
  const { step, totalSteps, imagesSeen } = weights
  const { key, metrics } = file
  const figures = figure === undefined ? [] : [figure]
  const measured = { key, at, metrics, figures, step, totalSteps, imagesSeen }
  await dependencies.report(opened.runKey, toEvaluationReport(settings.name, measured))
  return measured
}
