import { expect, test } from 'vitest'
import type { BackboneSettings } from '../vit/backbone-settings.ts'
import { parameterShapes } from '../vit/parameter-shapes.ts'
import { toCanonicalWeights } from './canonical-weights.ts'
import type { WeightTensor } from './weight-values.ts'

const micro: BackboneSettings = {
  family: 'DinoV2',
  dim: 4,
  depth: 2,
  heads: 2,
  patchSizePx: 2,
  mlpRatio: 2,
  feedForward: 'Mlp',
  registers: 2,
  positionGrid: 2,
  positionMode: 'Plain',
  dropPathRate: 0,
}
const gated: BackboneSettings = { ...micro, feedForward: 'SwiGLU', mlpRatio: 3 }
const v3: BackboneSettings = { ...gated, family: 'DinoV3' }
const v1: BackboneSettings = { ...micro, family: 'DinoV1', registers: 0 }

type Tensors = ReadonlyMap<string, WeightTensor>

/** Every parameter, filled with numbers that tell one value from another. */
function generateWeights(settings: BackboneSettings): Tensors {
  let next = 1
  return new Map(
    [...parameterShapes(settings)].map(([name, shape]) => {
      const size = shape.reduce((product, side) => product * side, 1)
      return [name, { shape, values: Float32Array.from({ length: size }, () => next++) }]
    }),
  )
}

function renamed(tensors: Tensors, change: (name: string) => string): Tensors {
  return new Map([...tensors].map(([name, tensor]) => [change(name), tensor]))
}

function read(tensors: Tensors, settings: BackboneSettings): Tensors {
  return toCanonicalWeights(tensors, { settings, file: 'weights.safetensors' })
}

/** The three thirds of every qkv as tensors of their own, under other names. */
function splitQkv(
  tensors: Tensors,
  name: (third: 'q' | 'k' | 'v', rest: string) => string,
): Tensors {
  const split = [...tensors].flatMap(([key, tensor]): [string, WeightTensor][] => {
    if (!key.includes('attn.qkv.')) return [[key, tensor]]
    const { shape, values } = tensor
    const size = values.length / 3
    return (['q', 'k', 'v'] as const).map((third, index) => [
      key.replace(/attn\.qkv\.(.*)/, (_all, rest: string) => name(third, rest)),
      {
        shape: [(shape[0] ?? 0) / 3, ...shape.slice(1)],
        values: values.subarray(size * index, size * (index + 1)),
      },
    ])
  })
  return new Map(split)
}

/** w1 and w2 on top of each other under one name. */
function joinGates(tensors: Tensors, joint: string): Tensors {
  const joined = [...tensors].flatMap(([key, tensor]): [string, WeightTensor][] => {
    if (key.includes('.mlp.w2.')) return []
    const other = tensors.get(key.replace('.w1.', '.w2.'))
    if (!key.includes('.mlp.w1.') || other === undefined) return [[key, tensor]]
    const shape = [(tensor.shape[0] ?? 0) * 2, ...tensor.shape.slice(1)]
    return [
      [
        key.replace('w1', joint),
        { shape, values: Float32Array.of(...tensor.values, ...other.values) },
      ],
    ]
  })
  return new Map(joined)
}

const zeros = (...shape: number[]): WeightTensor => ({
  shape,
  values: new Float32Array(shape.reduce((product, side) => product * side, 1)),
})

test('our own names pass as they are', () => {
  for (const settings of [micro, gated, v1]) {
    expect(read(generateWeights(settings), settings)).toEqual(generateWeights(settings))
  }
})

test('prefix, heads and mask token of a training checkpoint are dropped, the student is meant', () => {
  const student = renamed(generateWeights(micro), (name) => `model.${name}`)
  const teacher = renamed(generateWeights(micro), (name) => `teacher.${name}`)
  const rest = new Map([
    ['model.mask_token', zeros(1, 4)],
    ['model.projection_head.0.weight', zeros(8, 4)],
    ['head.weight', zeros(1)],
  ])
  const file = new Map([...teacher, ...rest, ...student])
  expect(read(file, micro)).toEqual(generateWeights(micro))
})

test('two models of other names are refused', () => {
  const one = renamed(generateWeights(micro), (name) => `student.${name}`)
  const two = renamed(generateWeights(micro), (name) => `teacher.${name}`)
  expect(() => read(new Map([...one, ...two]), micro)).toThrow(
    'weights.safetensors: it holds several models, with the prefixes student., teacher.',
  )
})

test('registers of the file are dropped for a model without registers', () => {
  const expected = new Map(generateWeights(micro))
  expected.delete('register_tokens')
  expect(read(generateWeights(micro), { ...micro, registers: 0 })).toEqual(expected)
})

test('chunked DINOv2 names, with the block chunk before the block number', () => {
  const chunked = renamed(generateWeights(micro), (name) => name.replace(/^blocks\./, 'blocks.0.'))
  expect(read(chunked, micro)).toEqual(generateWeights(micro))
})

test('Hugging Face names of DINOv2 with registers and of its gated family', () => {
  const rules: readonly [RegExp | string, string][] = [
    ['cls_token', 'embeddings.cls_token'],
    ['pos_embed', 'embeddings.position_embeddings'],
    ['register_tokens', 'embeddings.register_tokens'],
    ['patch_embed.proj', 'embeddings.patch_embeddings.projection'],
    [/^blocks/, 'encoder.layer'],
    ['attn.proj', 'attention.output.dense'],
    [/ls([12]).gamma/, 'layer_scale$1.lambda1'],
    [/^norm/, 'layernorm'],
    ['w12', 'weights_in'],
    ['w3', 'weights_out'],
  ]
  const long = { q: 'query', k: 'key', v: 'value' }
  for (const settings of [micro, gated]) {
    const split = splitQkv(
      joinGates(generateWeights(settings), 'w12'),
      (third, rest) => `attention.attention.${long[third]}.${rest}`,
    )
    const file = renamed(split, (name) =>
      rules.reduce((all, [from, to]) => all.replace(from, to), name),
    )
    expect(file.has('encoder.layer.1.attention.attention.key.bias')).toBe(true)
    const withMask = new Map([...file, ['embeddings.mask_token', zeros(1, 4)] as const])
    expect(read(withMask, settings)).toEqual(generateWeights(settings))
  }
})

test('Hugging Face names of DINO v1', () => {
  const rules: readonly [RegExp | string, string][] = [
    ['cls_token', 'embeddings.cls_token'],
    ['pos_embed', 'embeddings.position_embeddings'],
    ['patch_embed.proj', 'embeddings.patch_embeddings.projection'],
    [/^norm/, 'layernorm'],
    ['attn.proj', 'attention.output.dense'],
    ['mlp.fc1', 'intermediate.dense'],
    ['mlp.fc2', 'output.dense'],
    ['.norm1.', '.layernorm_before.'],
    ['.norm2.', '.layernorm_after.'],
    [/^blocks/, 'encoder.layer'],
  ]
  const long = { q: 'query', k: 'key', v: 'value' }
  const split = splitQkv(
    generateWeights(v1),
    (third, rest) => `attention.attention.${long[third]}.${rest}`,
  )
  const file = renamed(split, (name) =>
    rules.reduce((all, [from, to]) => all.replace(from, to), name),
  )
  const withPooler = new Map([...file, ['pooler.dense.weight', zeros(4, 4)] as const])
  expect(read(withPooler, v1)).toEqual(generateWeights(v1))
})

test('Hugging Face names of DINOv3, which has no key bias: its third is zero', () => {
  const rules: readonly [RegExp | string, string][] = [
    ['cls_token', 'embeddings.cls_token'],
    ['storage_tokens', 'embeddings.register_tokens'],
    ['patch_embed.proj', 'embeddings.patch_embeddings'],
    ['attn.proj', 'attention.o_proj'],
    [/ls([12]).gamma/, 'layer_scale$1.lambda1'],
    ['mlp.w1', 'mlp.gate_proj'],
    ['mlp.w2', 'mlp.up_proj'],
    ['mlp.w3', 'mlp.down_proj'],
    [/^blocks/, 'model.layer'],
  ]
  const split = splitQkv(generateWeights(v3), (third, rest) => `attention.${third}_proj.${rest}`)
  const file = new Map(
    [
      ...renamed(split, (name) => rules.reduce((all, [from, to]) => all.replace(from, to), name)),
    ].filter(([name]) => !name.endsWith('k_proj.bias')),
  )
  const expected = new Map(
    [...generateWeights(v3)].map(([name, { shape, values }]) =>
      name.endsWith('qkv.bias')
        ? [name, { shape, values: values.slice().fill(0, 4, 8) }]
        : [name, { shape, values }],
    ),
  )
  expect(read(file, v3)).toEqual(expected)
})

test('the first differing tensor is named with both shapes', () => {
  const wider = generateWeights({ ...micro, mlpRatio: 4 })
  expect(() => read(wider, micro)).toThrow(
    'weights.safetensors: tensor blocks.0.mlp.fc1.weight: shape [16,4] in the file, [8,4] in the model; these are weights of another model',
  )
})

test('a value that is no finite number is named with its tensor', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const weights = new Map(generateWeights(micro))
    const { shape, values } = weights.get('norm.bias') ?? zeros(1)
    weights.set('norm.bias', { shape, values: Float32Array.from(values).fill(value, 2, 3) })
    expect(() => read(weights, micro)).toThrow(
      `weights.safetensors: tensor norm.bias: its value 2 is ${value}; the file is damaged`,
    )
  }
})

test('a tensor that is missing, and one too many, are named', () => {
  expect(() => read(generateWeights({ ...micro, depth: 1 }), micro)).toThrow(
    'tensor blocks.1.norm1.weight: it is not in the file, the model wants it with shape [4]',
  )
  expect(() => read(generateWeights({ ...micro, depth: 3 }), micro)).toThrow(
    'tensor blocks.2.norm1.weight: shape [4] in the file, but the model has no such tensor',
  )
  expect(() => read(new Map([['fc.weight', zeros(1)]]), micro)).toThrow(
    'tensor cls_token: it is not in the file',
  )
})

test('float64 weights stay float64', () => {
  const double = new Map(
    [...generateWeights(micro)].map(([name, { shape, values }]) => [
      name,
      { shape, values: Float64Array.from(values) },
    ]),
  )
  expect(read(double, micro)).toEqual(double)
})
