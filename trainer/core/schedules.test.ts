import { describe, expect, test } from 'vitest'
import { buildMicroRunConfig } from '../../test/fixtures/micro-run-config.ts'
import { readGolden } from '../../test/golden/read-golden.ts'
import { computeCosineSchedule, computeScheduledValues } from './schedules.ts'

interface Golden {
  readonly coco_25_epochs: { readonly total: number } & Record<string, Record<string, number>>
  readonly small: { readonly total: number } & Record<string, number[]>
}
const golden = readGolden('schedules') as Golden

/**
 * Worst relative difference over the steps of a list; the rates near 0 are held to the first rate.
 */
function worst(
  { from, to, totalSteps }: { from: number; to: number; totalSteps: number },
  values: readonly (readonly [step: number, value: number])[],
): number {
  const differences = values.map(([step, value]) =>
    Math.abs(computeCosineSchedule({ from, to, totalSteps }, step) - value),
  )
  return Math.max(...differences) / Math.max(from, to)
}
const byStep = (values: Record<string, number>) =>
  Object.entries(values).map(([step, value]) => [Number(step), value] as const)

describe('the cosine schedules', () => {
  test.each([
    ['weight_decay_0.04_0.5', 0.04, 0.5, 1e-13],
    ['momentum_0.9995_1', 0.9995, 1, 1e-13],
    ['lr_backbone_1e-5_0', 1e-5, 0, 1e-12],
    ['lr_heads_1e-4_0', 1e-4, 0, 1e-12],
  ])('follow the released program over 25 epochs of COCO: %s', (...row) => {
    const [name, from, to, tolerance] = row
    const { total: totalSteps, ...lists } = golden.coco_25_epochs
    expect(worst({ from, to, totalSteps }, byStep(lists[name] ?? {}))).toBeLessThan(tolerance)
  })

  test.each([
    ['weight_decay', 0.04, 0.5, 1e-13],
    ['momentum', 0.9995, 1, 1e-13],
    ['lr_1e-5', 1e-5, 0, 1e-12],
    ['lr_1e-4', 1e-4, 0, 1e-12],
    ['lr_1e-3_eta_1e-4', 1e-3, 1e-4, 1e-12],
  ])('follow the released program over every one of 20 steps: %s', (...row) => {
    const [name, from, to, tolerance] = row
    const { total: totalSteps, ...lists } = golden.small
    const values = lists[name] as number[]
    expect(values.length).toBeGreaterThanOrEqual(20)
    expect(worst({ from, to, totalSteps }, [...values.entries()])).toBeLessThan(tolerance)
  })

  test('start at their first values', () => {
    const { optimizer } = buildMicroRunConfig().result
    expect(computeScheduledValues(optimizer, { step: 0, totalSteps: 6 })).toEqual({
      backboneLearningRate: 0.001,
      headLearningRate: 0.001,
      weightDecay: 0.03999999999999998,
      teacherMomentum: 0.9,
    })
  })
})
