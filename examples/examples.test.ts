import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseManifestText } from '../cli/manifest/read-manifest.ts'
import { resolve } from '../method/resolve.ts'

const folder = import.meta.dirname
const files = (await readdir(folder, { recursive: true }))
  .filter((name) => name.endsWith('.yaml'))
  .sort()

describe('every example', () => {
  it('is one of these', () => {
    expect(files).toEqual([
      'controls.yaml',
      'effect.yaml',
      'paper/sweep-batch-size.yaml',
      'paper/sweep-neighbors.yaml',
      'paper/sweep-steepness.yaml',
      'run.yaml',
      'sweep-batch-size.yaml',
      'sweep-neighbors.yaml',
      'sweep-steepness.yaml',
    ])
  })

  it.each(files)(
    '%s is accepted and says its command, hardware, time or needs, and result',
    async (file) => {
      const text = await readFile(join(folder, file), 'utf8')
      const header = text.slice(0, text.indexOf('apiVersion'))
      for (const word of ['command:', 'hardware:', 'expect:']) expect(header).toContain(word)
      expect(header).toMatch(/time:|needs:/)
      const manifest = parseManifestText({ file, text, overrides: [] })
      expect(manifest.kind).toBe(file === 'run.yaml' ? 'NeCoRun' : 'NeCoSweep')
    },
  )
})

it('npm start trains with these settings and no others', async () => {
  const file = 'sweep-steepness.yaml'
  const text = await readFile(join(folder, file), 'utf8')
  const manifest = parseManifestText({ file, text, overrides: [] })
  const template = manifest.kind === 'NeCoSweep' ? manifest.sweep.spec.run : undefined
  expect(template && resolve(template)).toEqual({
    numericsVersion: 1,
    model: {
      family: 'DinoV2',
      dim: 96,
      depth: 4,
      heads: 3,
      patchSizePx: 8,
      mlpRatio: 4,
      feedForward: 'Mlp',
      registers: 0,
      positionGrid: 12,
      positionMode: 'Plain',
      dropPathRate: 0,
      head: {
        hiddenDim: 2048,
        outputDim: 64,
        layers: 1,
        teacherHead: 'Copy',
        initialization: 'FanIn',
      },
      weights: { path: 'weights/tiny-scenes.safetensors' },
      initSeed: 0,
    },
    data: { kind: 'Scenes', firstSeed: 100000, count: 512 },
    views: {
      localCrops: 2,
      globalSizePx: 64,
      localSizePx: 32,
      globalScale: [0.25, 1],
      localScale: [0.1, 0.3],
      aspectRatio: [0.75, 1.3333333333333333],
      minIntersection: 0.01,
      alignedGrid: 6,
      jitterProbability: 0.8,
      jitterStrength: 0.4,
      grayscaleProbability: 0.1,
      blurProbability: 0,
      blurRadius: [0.1, 2],
    },
    references: { source: 'TeacherBatch', count: 36, neighbors: 'Inter' },
    loss: {
      objective: 'NeighborOrder',
      studentSteepness: 100,
      teacherSteepness: 100,
      network: 'Bitonic',
      relaxation: 'Cauchy',
      similarity: 'Cosine',
      direction: 'One',
      reduction: 'Mean',
      epsilon: 0,
      patches: 'All',
      teacher: 'Ema',
    },
    optimizer: {
      algorithm: 'AdamW',
      batchSize: 16,
      epochs: 25,
      steps: 60,
      backboneLearningRate: 0.0003,
      headLearningRate: 0.0001,
      finalLearningRate: 0,
      weightDecay: 0.04,
      finalWeightDecay: 0.04,
      teacherMomentum: 0.9,
      finalTeacherMomentum: 1,
    },
    seed: 400,
  })
})
