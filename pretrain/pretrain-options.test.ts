import { expect, test } from 'vitest'
import { PRETRAIN_HELP, parsePretrainCall } from './pretrain-options.ts'
import { learningRateAt, PRETRAIN_SETTINGS } from './pretrain-settings.ts'
import { formatProgressLine } from './progress-line.ts'

test('without arguments the weights of the examples are made', () => {
  expect(parsePretrainCall([])).toEqual({
    kind: 'Run',
    options: {
      steps: 1780,
      seed: 0,
      threads: 1,
      weightsPath: 'examples/weights/tiny-scenes.safetensors',
      statePath: 'out/pretrain/state.safetensors',
      isFresh: false,
    },
  })
})

test('a wrong option is named', () => {
  expect(parsePretrainCall(['--steps', '1e999'])).toEqual({
    kind: 'Wrong',
    message: '--steps 1e999: give a whole number of at least 1',
  })
  expect(parsePretrainCall(['--step', '3'])).toMatchObject({ kind: 'Wrong' })
})

test('help has an example', () => {
  expect(parsePretrainCall(['--help'])).toEqual({ kind: 'Help' })
  expect(PRETRAIN_HELP).toMatch(/Example.*\n +npm run pretrain/)
})

test('the learning rate warms up and falls to the final share', () => {
  expect(learningRateAt(0, PRETRAIN_SETTINGS)).toBeCloseTo(1e-5, 9)
  const middle = learningRateAt(PRETRAIN_SETTINGS.steps / 2, PRETRAIN_SETTINGS)
  expect(middle).toBeCloseTo(1e-3 * (0.5 * 0.99 + 0.01), 9)
  expect(learningRateAt(PRETRAIN_SETTINGS.steps, PRETRAIN_SETTINGS)).toBeCloseTo(1e-5, 9)
})

test('progress is a bar on a terminal and words elsewhere', () => {
  const progress = { label: 'train', done: 50, total: 200, elapsedMs: 40_000, startedAt: 10 }
  expect(formatProgressLine(progress, false)).toBe('train 50/200, 2 min 30 s left')
  expect(formatProgressLine({ ...progress, note: 'loss 1.2' }, true)).toBe(
    'train ██████░░░░░░░░░░░░░░░░░░ 50/200, 2 min 30 s left, loss 1.2',
  )
  expect(formatProgressLine({ ...progress, done: 200 }, false)).toBe('train 200/200')
})
