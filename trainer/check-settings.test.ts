import { expect, test } from 'vitest'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { findSettingsProblems } from './check-settings.ts'

type Result = NonNullable<Parameters<typeof buildMicroRunConfig>[0]>['result']
const listProblemFields = (result: Result, size = 12) =>
  findSettingsProblems(buildMicroRunConfig({ result }).result, size).map(({ field }) => field)

test('Settings that fit have no problem.', () => {
  expect(listProblemFields({})).toEqual([])
})

test.each<[string, Result, string]>([
  ['more references than a batch has', { references: { count: 37 } }, 'references.count'],
  [
    'more references than the own image has',
    { references: { count: 10, neighbors: 'Intra' } },
    'references.count',
  ],
  [
    'more references than the other images have',
    { references: { count: 28, neighbors: 'InterStrict' } },
    'references.count',
  ],
  [
    'more references than the queue holds',
    { references: { count: 20, source: 'TeacherQueue', queueLength: 19 } },
    'references.count',
  ],
  [
    'a fraction that gives less than two references',
    { references: { source: 'StudentFraction', fraction: 0.05 } },
    'references.fraction',
  ],
  ['K above R', { loss: { keptNeighbors: 10 } }, 'loss.keptNeighbors'],
  [
    'more trainable blocks than there are',
    { optimizer: { trainableBlocks: 3 } },
    'optimizer.trainableBlocks',
  ],
  [
    'crops smaller than a patch',
    { views: { localSizePx: 8 }, model: { patchSizePx: 16 } },
    'views.localSizePx, views.globalSizePx',
  ],
])('The field of %s is named.', (_, result, field) => {
  expect(listProblemFields(result)).toEqual([field])
})

test('A batch larger than the data is named, with both sizes.', () => {
  const { result } = buildMicroRunConfig()
  expect(findSettingsProblems(result, 3)).toEqual([
    {
      field: 'optimizer.batchSize',
      message: 'is 4, but data holds 3 images: lower it or give more data',
    },
  ])
})
