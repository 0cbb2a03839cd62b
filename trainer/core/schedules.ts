import type { OptimisationSettings } from '../../crds/sections/optimisation.ts'

export interface CosineSchedule {
  readonly from: number
  readonly to: number
  readonly totalSteps: number
}

/** The value that step t (0-based) uses: to + ½(from − to)(1 + cos(πt ÷ total)) (neco-method §1.7; schedules.json). */
export function cosineAt({ from, to, totalSteps }: CosineSchedule, step: number): number {
  return to + 0.5 * (from - to) * (1 + Math.cos((Math.PI * step) / totalSteps))
}

/** What the schedules say at one step. */
export interface ScheduledValues {
  readonly backboneRate: number
  readonly headRate: number
  readonly weightDecay: number
  /** How much of itself the teacher keeps. */
  readonly momentum: number
}

/** Rates, weight decay and momentum of step t (0-based). */
export function scheduledValues(
  settings: OptimisationSettings,
  { step, totalSteps }: { readonly step: number; readonly totalSteps: number },
): ScheduledValues {
  const at = (from: number, to: number) => cosineAt({ from, to, totalSteps }, step)
  return {
    backboneRate: at(settings.backboneRate, settings.finalRate),
    headRate: at(settings.headRate, settings.finalRate),
    weightDecay: at(settings.weightDecay, settings.finalWeightDecay),
    momentum: at(settings.momentum, settings.finalMomentum),
  }
}
