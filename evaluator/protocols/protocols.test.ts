import { expect, test } from 'vitest'
import { chooseInputSidePx } from '../features/input-side.ts'
import { IN_CONTEXT_HYPERPARAMETERS } from './in-context/hyperparameters.ts'
import { LINEAR_HYPERPARAMETERS } from './linear/hyperparameters.ts'
import { AGREEMENT_HYPERPARAMETERS } from './neighbor-agreement/hyperparameters.ts'

test('the input is what was published for patches of 14 and 16, and always whole patches', () => {
  const inContext = IN_CONTEXT_HYPERPARAMETERS.Official
  const linear = LINEAR_HYPERPARAMETERS.Official
  const scenes = IN_CONTEXT_HYPERPARAMETERS.Scenes
  expect([14, 16, 8, 10].map((patch) => chooseInputSidePx(inContext.inputSide, patch))).toEqual([
    504, 512, 512, 510,
  ])
  expect([14, 16, 8, 10].map((patch) => chooseInputSidePx(linear.inputSide, patch))).toEqual([
    448, 448, 448, 440,
  ])
  expect([8, 200].map((patch) => chooseInputSidePx(scenes.inputSide, patch))).toEqual([96, 200])
})

test('the small profile uses one input for all protocols, so that features are computed once', () => {
  const inContext = IN_CONTEXT_HYPERPARAMETERS.Scenes
  const linear = LINEAR_HYPERPARAMETERS.Scenes
  const agreement = AGREEMENT_HYPERPARAMETERS.Scenes
  expect([linear.inputSide, linear.normalization, agreement.inputSide]).toEqual([
    inContext.inputSide,
    inContext.normalization,
    inContext.inputSide,
  ])
})

test('two crops of every profile overlap: each is more than half of the shorter side', () => {
  for (const { cropShare } of Object.values(AGREEMENT_HYPERPARAMETERS)) {
    expect(cropShare[0]).toBeGreaterThan(0.5)
  }
})
