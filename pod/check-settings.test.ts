import { expect, test } from 'vitest'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { checkSettings } from './check-settings.ts'

type Result = NonNullable<Parameters<typeof buildMicroRunConfig>[0]>['result']

function findFailure(result: Result): unknown {
  try {
    checkSettings(buildMicroRunConfig({ result }).result, { dataSize: 12 })
    return undefined
  } catch (error) {
    return error
  }
}

test('A pod accepts settings that fit.', () => {
  expect(findFailure({})).toBeUndefined()
})

test.each<[string, Result]>([
  [
    'references.source',
    { references: { source: 'TeacherQueue', queueLength: 50, neighbors: 'Intra' } },
  ],
  ['references.count', { references: { neighbors: 'Intra', count: 60 } }],
  ['loss.patches', { loss: { patches: 'Foreground' }, model: { registers: 4 } }],
  ['optimizer.batchSize', { optimizer: { batchSize: 13 } }],
])('A pod ends as a user error that names %s.', (path, result) => {
  expect(findFailure(result)).toMatchObject({
    code: 'SettingsImpossible',
    reason: 'UserError',
    message: expect.stringMatching(`^${path}: `),
  })
})
