import { type Tensor, tidy, type Variable } from '@tensorflow/tfjs-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Backend, startBackend } from '../backends/start-backend.ts'
import { readTensorValues, toTensor } from '../ops/tensor-values.ts'
import { randomStream } from '../random/random-stream.ts'
import { attentionWeights } from './attention-weights.ts'
import type { BackboneSettings } from './backbone-settings.ts'
import { buildParameters, parameterValues } from './build-parameters.ts'
import { computeForegroundAttention } from './foreground-attention.ts'
import { type ForwardOptions, forward } from './forward.ts'
import { parameterShapes } from './parameter-shapes.ts'
import { takePatchTokens } from './patch-tokens.ts'
import { positionWindow } from './position-matrix.ts'

const micro: BackboneSettings = {
  family: 'DinoV2',
  dim: 8,
  depth: 2,
  heads: 2,
  patchSizePx: 4,
  mlpRatio: 2,
  feedForward: 'Mlp',
  registers: 2,
  positionGrid: 3,
  positionMode: 'Plain',
  dropPathRate: 0,
}

let backend: Backend
beforeAll(async () => {
  backend = await startBackend({ backend: 'reference' })
})
afterAll(() => backend.close())

/** Two images of 12×12 pixels. */
function images(): Tensor {
  const { normal } = randomStream({ seed: 1, purpose: 'test' })
  return toTensor(Float64Array.from({ length: 2 * 3 * 144 }, normal), [2, 3, 12, 12])
}

function withBackbone<T>(
  settings: BackboneSettings,
  run: (parameters: ReadonlyMap<string, Variable>) => T,
): T {
  const parameters = buildParameters(settings, { initSeed: 3 })
  try {
    return run(parameters)
  } finally {
    for (const variable of parameters.values()) variable.dispose()
  }
}

/** Values of the tokens of both images. */
function runForwardTokens(settings: BackboneSettings, options: ForwardOptions = {}): number[] {
  return withBackbone(settings, (parameters) => {
    let values: number[] = []
    tidy(() => {
      values = [...readTensorValues(forward({ settings, parameters }, images(), options).tokens)]
    })
    return values
  })
}

test('inner values change nothing of the tokens, and no tensor stays behind', () => {
  const before = backend.memory()
  expect(runForwardTokens(micro, { returnIntermediates: true })).toEqual(runForwardTokens(micro))
  expect(backend.memory()).toEqual(before)
})

test('without tidy, only the tokens stay', () => {
  withBackbone(micro, (parameters) => {
    const input = images()
    const before = backend.memory().tensors
    const { tokens, blocks, lastQkv } = forward({ settings: micro, parameters }, input)
    expect({ blocks, lastQkv }).toEqual({ blocks: [], lastQkv: undefined })
    expect(backend.memory().tensors - before).toBe(1)
    expect(tokens.shape).toEqual([2, 1 + 2 + 9, 8])
    for (const tensor of [tokens, input]) tensor.dispose()
  })
})

test('branches scaled by 1 are branches as they are; an image without branches skips the blocks', () => {
  const kept = { attention: [1, 1], feedForward: [1, 1] }
  expect(runForwardTokens(micro, { dropPath: [kept, undefined] })).toEqual(runForwardTokens(micro))
  const second = { attention: [1, 0], feedForward: [1, 0] }
  const dropped = runForwardTokens(micro, { dropPath: [second, second] })
  const half = dropped.length / 2
  expect(dropped.slice(0, half)).toEqual(runForwardTokens(micro).slice(0, half))
  const none = { attention: [0, 0], feedForward: [0, 0] }
  expect(dropped.slice(half)).toEqual(
    runForwardTokens(micro, { dropPath: [none, none] }).slice(half),
  )
  expect(dropped.slice(half)).not.toEqual(runForwardTokens(micro).slice(half))
})

test('a window over the whole position grid is the grid', () => {
  const position = positionWindow(3, { top: 0, left: 0, rows: 3, columns: 3 })
  expect(runForwardTokens(micro, { position })).toEqual(runForwardTokens(micro))
})

test('patches come after class token and registers', () => {
  tidy(() => {
    const tokens = toTensor(
      Float64Array.from({ length: 5 * 8 }, (_, i) => i),
      [1, 5, 8],
    )
    const patches = takePatchTokens(tokens, micro)
    expect(patches.shape).toEqual([1, 2, 8])
    expect(readTensorValues(patches)[0]).toBe(24)
  })
})

test('the foreground attention is that of the class token to the patches, mean over heads', () => {
  withBackbone(micro, (parameters) => {
    tidy(() => {
      const encoded = forward({ settings: micro, parameters }, images(), {
        returnIntermediates: true,
      })
      const ours = computeForegroundAttention(encoded, micro)
      const qkv = { batch: 2, tokens: 12, width: 8, heads: 2 }
      const values = readTensorValues(encoded.lastQkv as Tensor)
      const all = attentionWeights({ ...qkv, values }, 12)
      const at = (image: number, head: number, key: number) =>
        all[((image * 2 + head) * 12 + 0) * 12 + key] ?? 0
      const expected = [0, 1].flatMap((image) =>
        Array.from({ length: 9 }, (_, p) => (at(image, 0, 3 + p) + at(image, 1, 3 + p)) / 2),
      )
      expect([...ours]).toEqual(expected)
    })
  })
})

test('a forward pass without inner values has no attention to show', () => {
  withBackbone(micro, (parameters) => {
    tidy(() => {
      const encoded = forward({ settings: micro, parameters }, images())
      expect(() => computeForegroundAttention(encoded, micro)).toThrow('keepInner')
    })
  })
})

test('parameters are drawn by seed and name, and given weights come first', () => {
  const values = (seed: number, weights?: Parameters<typeof buildParameters>[1]['weights']) => {
    const parameters = buildParameters(micro, { initSeed: seed, weights })
    const copies = parameterValues(parameters)
    for (const variable of parameters.values()) variable.dispose()
    return copies
  }
  const first = values(3)
  expect(values(3)).toEqual(first)
  expect([...first.keys()]).toEqual([...parameterShapes(micro).keys()])
  expect(values(4).get('pos_embed')).not.toEqual(first.get('pos_embed'))
  expect(first.get('blocks.1.norm1.weight')?.values).toEqual(new Float64Array(8).fill(1))
  expect(values(4, first)).toEqual(first)
})

test('initial weights have the deviation of the family and the bound of the patch projection', () => {
  withBackbone({ ...micro, dim: 64, heads: 4 }, (parameters) => {
    const weights = [...readTensorValues(parameters.get('blocks.0.mlp.fc1.weight') as Variable)]
    const square = weights.reduce((sum, value) => sum + value * value, 0)
    expect(Math.sqrt(square / weights.length)).toBeCloseTo(0.02, 3)
    const patches = [...readTensorValues(parameters.get('patch_embed.proj.weight') as Variable)]
    const largest = patches.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    const bound = Math.sqrt(6 / (64 + 48))
    expect(largest).toBeLessThanOrEqual(bound)
    expect(largest).toBeGreaterThan(bound * 0.99)
  })
})
