import { describe, expect, test } from 'vitest'
import { PARAMETERS } from '../crds/spec/parameters.ts'
import type { RunSpec } from '../crds/spec/run-spec.ts'
import { COMMON_SETTINGS, DISAGREEMENTS } from './presets.ts'
import { resolvePreset } from './resolve-preset.ts'
import { resolveReferenceCount, validateSettings } from './validate-settings.ts'

const spec = (overrides: object): RunSpec => ({ data: { kind: 'Scenes', count: 4 }, ...overrides })

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
        expect([path, PARAMETERS.get(path)?.safeParse(value).success]).toEqual([path, true])
      }
    }
  })
})

describe('a resolved preset', () => {
  test('Official is what the released program does for a small DINOv2', () => {
    expect(resolvePreset(spec({}))).toMatchObject({
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
    expect(resolvePreset(spec({ model: { architecture: 'ViT-S/16' } }))).toMatchObject({
      views: { globalSizePx: 224 },
      references: { source: 'TeacherBatch' },
      optimizer: { batchSize: 45, epochs: 50 },
    })
  })
  test('Paper departs where the paper does, with R = 49', () => {
    const paper = resolvePreset(spec({ preset: 'Paper' }))
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
    expect(resolveReferenceCount(paper)).toBe(49)
  })
  test.each(['Official', 'Paper'] as const)('%s can run for every family', (preset) => {
    for (const architecture of ['Tiny', 'ViT-S/14', 'ViT-B/14', 'ViT-S/16'] as const) {
      expect(validateSettings(resolvePreset(spec({ preset, model: { architecture } })))).toEqual([])
    }
    const three = { architecture: 'ViT-S/16', family: 'DinoV3' } as const
    expect(resolvePreset(spec({ preset, model: three })).model.registers).toBe(4)
  })
  test('gives way to the spec, value by value', () => {
    const resolved = resolvePreset(
      spec({ preset: 'Paper', loss: { lambda: 0.5 }, model: { registers: 0, depth: 2 } }),
    )
    expect(resolved.loss).toMatchObject({ lambda: 0.5, relaxation: 'LogisticPhi' })
    expect(resolved.model).toMatchObject({ registers: 0, depth: 2, dim: 384 })
  })
  test('leaves out of the digest what its source of references does not use', () => {
    const batch = { source: 'TeacherBatch' } as const
    const a = resolvePreset(spec({ references: { ...batch, queueLength: 5 } }))
    const b = resolvePreset(spec({ references: { ...batch, queueLength: 500 } }))
    expect(a).toEqual(b)
  })
  test('is not changed by what is filled into it', () => {
    const before = structuredClone(COMMON_SETTINGS)
    resolvePreset(spec({ preset: 'Paper', loss: { lambda: 0.5 } }))
    expect(COMMON_SETTINGS).toEqual(before)
  })
})

describe('settings that cannot run are named', () => {
  const cases: Record<string, [object, string]> = {
    'more references than the queue holds': [
      { references: { queueLength: 40 } },
      'references.count',
    ],
    'more own neighbors than own patches': [
      { references: { source: 'TeacherBatch', neighbors: 'Intra', count: 50 } },
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
    'more trainable blocks than blocks': [
      { optimizer: { trainableBlocks: 13 } },
      'optimizer.trainableBlocks',
    ],
    'crops smaller than a patch': [{ views: { localSizePx: 8 } }, 'views.localSizePx'],
  }
  test.each(Object.entries(cases))('%s', (_, [overrides, path]) => {
    expect(validateSettings(resolvePreset(spec(overrides))).map((problem) => problem.path)).toEqual(
      [path],
    )
  })
})
