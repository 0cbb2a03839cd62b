/**
 * The step whose checkpoint stands for a fraction of the schedule (0 before training, 1 after):
 * trainer, evaluator and planner must agree on it.
 */
export const scheduleStep = (fraction: number, totalSteps: number): number =>
  Math.round(fraction * totalSteps)
