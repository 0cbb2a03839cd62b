import type { OptimizerSettings } from '../../method/settings/optimizer.ts'

export interface CosineSchedule {
  readonly from: number
  readonly to: number
  readonly totalSteps: number
}

/**
 * The value that step t (0-based) uses: to + ½(from − to)(1 + cos(πt ÷ total)) (docs/method.md
 * §1.7; schedules.json).
 */
export function computeCosineSchedule(
  { from, to, totalSteps }: CosineSchedule,
  step: number,
): number {
  return to + 0.5 * (from - to) * (1 + Math.cos((Math.PI * step) / totalSteps))
}

/** What the schedules say at one step. */
export interface ScheduledValues {
  readonly backboneLearningRate: number
  readonly headLearningRate: number
  readonly weightDecay: number
  /** How much of itself the teacher keeps. */
  readonly teacherMomentum: number
}

/** Rates, weight decay and teacher momentum of step t (0-based). */
export function computeScheduledValues(
  settings: OptimizerSettings,
  { step, totalSteps }: { readonly step: number; readonly totalSteps: number },
): ScheduledValues {
  const at = (from: number, to: number) => computeCosineSchedule({ from, to, totalSteps }, step)
  return {
    backboneLearningRate: at(settings.backboneLearningRate, settings.finalLearningRate),
    headLearningRate: at(settings.headLearningRate, settings.finalLearningRate),
    weightDecay: at(settings.weightDecay, settings.finalWeightDecay),
    teacherMomentum: at(settings.teacherMomentum, settings.finalTeacherMomentum),
  }
}
