import { expect, test } from 'vitest'
import { aMicroRunConfig } from '../test/micro-run-config.ts'
import { settingsProblems } from './check-settings.ts'

type Result = NonNullable<Parameters<typeof aMicroRunConfig>[0]>['result']
const fieldsOf = (result: Result, size = 12) =>
  settingsProblems(aMicroRunConfig({ result }).result, size).map(({ field }) => field)

test('Settings that fit have no problem.', () => {
  expect(fieldsOf({})).toEqual([])
})

test.each<[string, Result, string]>([
  ['more references than a batch has', { references: { count: 37 } }, 'references.count'],
  [
    'more references than the own image has',
    { references: { count: 10, neighbours: 'Intra' } },
    'references.count',
  ],
  [
    'more references than the other images have',
    { references: { count: 28, neighbours: 'InterStrict' } },
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
  ['K above R', { loss: { keptNeighbours: 10 } }, 'loss.keptNeighbours'],
  [
    'more trainable blocks than there are',
    { optimisation: { trainableBlocks: 3 } },
    'optimisation.trainableBlocks',
  ],
  [
    'crops smaller than a patch',
    { views: { localSizePx: 8 }, model: { patchSizePx: 16 } },
    'views.localSizePx, views.globalSizePx',
  ],
])('The field of %s is named.', (_, result, field) => {
  expect(fieldsOf(result)).toEqual([field])
})

test('A batch larger than the data is named, with both sizes.', () => {
  const { result } = aMicroRunConfig()
  expect(settingsProblems(result, 3)).toEqual([
    {
      field: 'optimisation.batchSize',
      message: 'is 4, but data holds 3 images: lower it or give more data',
    },
  ])
})
