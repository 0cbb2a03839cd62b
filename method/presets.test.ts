import { describe, expect, test } from 'vitest'
import type { GivenSettings } from './given-settings.ts'
import { withValueAt } from './merge-settings.ts'
import { COMMON_SETTINGS, DISAGREEMENTS } from './presets.ts'
import { referenceCount } from './reference-count.ts'
import { resolve } from './resolve.ts'
import { ResultSettings } from './result-settings.ts'
import { settingsProblems } from './settings-problems.ts'

const spec = (overrides: object): GivenSettings => ({
  data: { kind: 'Scenes', count: 4 },
  ...overrides,
})

describe('the table of disagreements', () => {
  test('has the twenty of the paper and its program, in order', () => {
    expect(DISAGREEMENTS.map(({ number }) => number)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
  })
  test('sets parameters that exist, to values they accept, the same ones for both', () => {
    for (const { official, paper } of DISAGREEMENTS) {
      expect(Object.keys(official)).toEqual(Object.keys(paper))
      for (const [path, value] of [...Object.entries(official), ...Object.entries(paper)]) {
        const changed = withValueAt(resolve(spec({})), path, value)
        expect([path, ResultSettings.safeParse(changed).success]).toEqual([path, true])
      }
    }
  })
})

describe('a resolved preset', () => {
  test('Official is what the released program does for a small DINOv2', () => {
    expect(resolve(spec({}))).toMatchObject({
      model: {
        family: 'DinoV2',
        dim: 384,
        registers: 0,
        dropPathRate: 0.1,
        head: { teacherHead: 'Independent' },
      },
      views: { globalSizePx: 518, localCrops: 4 },
      references: { source: 'TeacherQueue', count: 49, queueLength: 8192 },
      loss: {
        relaxation: 'Cauchy',
        direction: 'One',
        reduction: 'Mean',
        similarity: 'Cosine',
        epsilon: 0,
      },
      optimizer: { algorithm: 'AdamW', batchSize: 64, epochs: 25, backboneLearningRate: 1e-5 },
      seed: 400,
    })
  })
  test('Official follows the other configuration for DINO v1', () => {
    expect(resolve(spec({ model: { architecture: 'ViT-S/16' } }))).toMatchObject({
      views: { globalSizePx: 224 },
      references: { source: 'TeacherBatch' },
      optimizer: { batchSize: 45, epochs: 50 },
    })
  })
  test('Paper departs where the paper does, with R = 49', () => {
    const paper = resolve(spec({ preset: 'Paper' }))
    expect(paper).toMatchObject({
      model: { registers: 4, head: { teacherHead: 'Copy' } },
      loss: {
        relaxation: 'LogisticPhi',
        direction: 'Both',
        reduction: 'Sum',
        similarity: 'CosineDistance',
        epsilon: 1e-8,
      },
      references: { source: 'StudentFraction' },
      optimizer: { algorithm: 'Adam', backboneLearningRate: 1e-6 },
    })
    expect(referenceCount(paper.references, { images: 64, cells: 49 })).toBe(49)
  })
  test.each(['Official', 'Paper'] as const)('%s can run for every family', (preset) => {
    for (const architecture of ['Tiny', 'ViT-S/14', 'ViT-B/14', 'ViT-S/16'] as const) {
      expect(settingsProblems(resolve(spec({ preset, model: { architecture } })))).toEqual([])
    }
    const three = { architecture: 'ViT-S/16', family: 'DinoV3' } as const
    expect(resolve(spec({ preset, model: three })).model.registers).toBe(4)
  })
  test('gives way to the spec, value by value', () => {
    const resolved = resolve(
      spec({ preset: 'Paper', loss: { lambda: 0.5 }, model: { registers: 0, depth: 2 } }),
    )
    expect(resolved.loss).toMatchObject({ lambda: 0.5, relaxation: 'LogisticPhi' })
    expect(resolved.model).toMatchObject({ registers: 0, depth: 2, dim: 384 })
  })
  test.each([
    ['TeacherQueue', { count: 49, queueLength: 8192 }],
    ['TeacherBatch', { count: 49 }],
    ['StudentFraction', { fraction: 1 / 64 }],
  ] as const)('of source %s has only the references that it reads', (source, used) => {
    expect(resolve(spec({ references: { source } })).references).toEqual({
      source,
      neighbors: 'Inter',
      ...used,
    })
  })
  test('is not changed by what is filled into it', () => {
    const before = structuredClone(COMMON_SETTINGS)
    resolve(spec({ preset: 'Paper', loss: { lambda: 0.5 } }))
    expect(COMMON_SETTINGS).toEqual(before)
  })
})
