import { expect, test } from 'vitest'
import type { BackboneSettings } from './backbone-settings.ts'
import { hiddenWidth } from './backbone-settings.ts'
import { parameterShapes } from './parameter-shapes.ts'

const small: BackboneSettings = {
  family: 'DinoV2',
  dim: 384,
  depth: 12,
  heads: 6,
  patchSizePx: 14,
  mlpRatio: 4,
  feedForward: 'Mlp',
  registers: 4,
  positionGrid: 37,
  positionMode: 'Antialiased',
  dropPathRate: 0,
}
const plus: BackboneSettings = { ...small, family: 'DinoV3', feedForward: 'SwiGLU', mlpRatio: 6 }

function count(settings: BackboneSettings): number {
  const sizes = [...parameterShapes(settings).values()].map((shape) =>
    shape.reduce((a, b) => a * b),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

test('ViT-S/14 with registers has the 22,058,112 parameters of the official one, less its mask token', () => {
  expect(count(small)).toBe(22_058_112 - 384)
})

test('the tiny model has 0.48 million parameters', () => {
  const tiny = {
    ...small,
    dim: 96,
    depth: 4,
    heads: 3,
    patchSizePx: 8,
    positionGrid: 12,
    registers: 0,
  }
  expect(count(tiny)).toBe(480_864)
})

test('the names of a DINOv3 model with gated feed-forward', () => {
  expect([...parameterShapes({ ...plus, depth: 1 }).keys()]).toEqual([
    'cls_token',
    'storage_tokens',
    'patch_embed.proj.weight',
    'patch_embed.proj.bias',
    'blocks.0.norm1.weight',
    'blocks.0.norm1.bias',
    'blocks.0.attn.qkv.weight',
    'blocks.0.attn.qkv.bias',
    'blocks.0.attn.proj.weight',
    'blocks.0.attn.proj.bias',
    'blocks.0.ls1.gamma',
    'blocks.0.norm2.weight',
    'blocks.0.norm2.bias',
    'blocks.0.mlp.w1.weight',
    'blocks.0.mlp.w1.bias',
    'blocks.0.mlp.w2.weight',
    'blocks.0.mlp.w2.bias',
    'blocks.0.mlp.w3.weight',
    'blocks.0.mlp.w3.bias',
    'blocks.0.ls2.gamma',
    'norm.weight',
    'norm.bias',
  ])
})

test('a gated hidden layer is two thirds as wide, up to a multiple of 8', () => {
  expect(hiddenWidth(plus)).toBe(1536)
  expect(hiddenWidth({ ...plus, dim: 16, mlpRatio: 9 })).toBe(96)
  expect(hiddenWidth({ ...plus, dim: 10, mlpRatio: 4 })).toBe(32)
  expect(hiddenWidth(small)).toBe(1536)
})
