import { expect, test } from 'vitest'
import { chooseInputSidePx, PROFILES } from './profiles.ts'

test('the input is what was published for patches of 14 and 16, and always whole patches', () => {
  const { inContext, linear } = PROFILES.Official
  expect([14, 16, 8, 10].map((patch) => chooseInputSidePx(inContext.inputSide, patch))).toEqual([
    504, 512, 512, 510,
  ])
  expect([14, 16, 8, 10].map((patch) => chooseInputSidePx(linear.inputSide, patch))).toEqual([
    448, 448, 448, 440,
  ])
  expect(
    [8, 200].map((patch) => chooseInputSidePx(PROFILES.Scenes.inContext.inputSide, patch)),
  ).toEqual([96, 200])
})

test('the small profile uses one input for all protocols, so that features are made once', () => {
  const { inContext, linear } = PROFILES.Scenes
  expect([linear.inputSide, linear.normalization]).toEqual([
    inContext.inputSide,
    inContext.normalization,
  ])
})

test('two crops of every profile overlap: each is more than half of the shorter side', () => {
  for (const { agreement } of Object.values(PROFILES)) {
    expect(agreement.cropShare[0]).toBeGreaterThan(0.5)
  }
})
