import { describe, expect, test } from 'vitest'
import type { GivenSettings } from './given-settings.ts'
import { resolve } from './resolve.ts'
import { settingsProblems } from './settings-problems.ts'

const data = { kind: 'Scenes', count: 64 } as const
const listProblems = (given: Omit<GivenSettings, 'data'>) =>
  settingsProblems(resolve({ data, ...given }))

describe('settings that cannot be obeyed are named', () => {
  const cases: Record<string, [Omit<GivenSettings, 'data'>, string]> = {
    'more references than the queue holds': [
      { references: { queueLength: 40 } },
      'references.count',
    ],
    'own neighbors from the queue of the preset': [
      { references: { neighbors: 'Intra' } },
      'references.source',
    ],
    'strict neighbors from the queue of the preset': [
      { references: { neighbors: 'InterStrict' } },
      'references.source',
    ],
    'more own neighbors than own patches': [
      { references: { source: 'TeacherBatch', neighbors: 'Intra', count: 60 } },
      'references.count',
    ],
    'more strict neighbors than other images have': [
      {
        references: { source: 'TeacherBatch', neighbors: 'InterStrict' },
        optimizer: { batchSize: 1 },
      },
      'references.count',
    ],
    'more references than the batch has': [
      { references: { source: 'TeacherBatch', count: 50 }, optimizer: { batchSize: 1 } },
      'references.count',
    ],
    'a fraction that gives no reference': [
      { references: { source: 'StudentFraction', fraction: 1e-5 } },
      'references.fraction',
    ],
    'a fraction that gives too many': [
      { references: { source: 'StudentFraction', fraction: 1 } },
      'references.fraction',
    ],
    'a fraction of the queue of the preset': [
      { references: { fraction: 0.5 } },
      'references.fraction',
    ],
    'a queue of the batch': [
      { references: { source: 'TeacherBatch', queueLength: 64 } },
      'references.queueLength',
    ],
    'a count beside the fraction of the preset': [
      { preset: 'Paper', references: { count: 20 } },
      'references.count',
    ],
    'K beyond R': [{ loss: { keptNeighbors: 50 } }, 'loss.keptNeighbors'],
    'heads that do not divide': [{ model: { heads: 5 } }, 'model.heads'],
    'registers of DINO v1': [
      { model: { architecture: 'ViT-S/16', registers: 4 } },
      'model.registers',
    ],
    'a foreground with registers': [
      { loss: { patches: 'Foreground' }, model: { registers: 4 } },
      'loss.patches',
    ],
    'a foreground of DINOv3': [
      {
        loss: { patches: 'Foreground' },
        model: { architecture: 'ViT-S/16', family: 'DinoV3', registers: 0 },
      },
      'loss.patches',
    ],
    'more trainable blocks than blocks': [
      { optimizer: { trainableBlocks: 13 } },
      'optimizer.trainableBlocks',
    ],
    'local crops smaller than a patch': [{ views: { localSizePx: 8 } }, 'views.localSizePx'],
  }
  test.each(Object.entries(cases))('%s', (_, [given, path]) => {
    expect(listProblems(given).map((one) => one.path)).toEqual([path])
  })
})

test('The refusal of neighbors from a queue says what to set.', () => {
  expect(listProblems({ references: { neighbors: 'Intra' } })).toEqual([
    {
      path: 'references.source',
      message:
        'TeacherQueue does not know the image of a patch, which neighbors Intra needs: set references.source to TeacherBatch or StudentFraction',
    },
  ])
})

test('Table 5c is an axis of neighbors over one source that can obey each of them.', () => {
  const neighbors = ['Inter', 'InterStrict', 'Intra'] as const
  expect(
    neighbors.flatMap((one) =>
      listProblems({ references: { source: 'TeacherBatch', neighbors: one } }),
    ),
  ).toEqual([])
})

test('Local crops may have any size where there are none.', () => {
  expect(listProblems({ views: { localCrops: 0, localSizePx: 8 } })).toEqual([])
})

test('A batch larger than the data is named, with both sizes.', () => {
  const settings = resolve({ data, optimizer: { batchSize: 8 } })
  expect(settingsProblems(settings, { dataSize: 3 })).toEqual([
    {
      path: 'optimizer.batchSize',
      message: 'is 8, but data holds 3 images: lower it or give more data',
    },
  ])
})
