import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderFiles } from '../../std/files/folder-files.ts'
import { encodeSafetensors } from './encode-safetensors.ts'
import { readSafetensors } from './read-safetensors.ts'
import type { WeightTensor } from './weight-values.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-weights-'))
})
afterAll(() => rm(folder, { recursive: true }))

const tensors = new Map<string, WeightTensor>([
  ['a.weight', { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 0.1, 1e-40, 6) }],
  ['b', { shape: [2], values: Float64Array.of(Math.PI, -0) }],
  ['empty', { shape: [0, 4], values: new Float32Array(0) }],
  ['scalar', { shape: [], values: Float32Array.of(7) }],
])

function encodeToBuffer(map: ReadonlyMap<string, WeightTensor>, metadata?: Record<string, string>) {
  return Buffer.concat([...encodeSafetensors(map, metadata)])
}

/** A file with this header, followed by so many zero bytes. */
function withHeader(header: unknown, dataBytes: number): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)])
}

async function readBack(bytes: Uint8Array) {
  await writeFile(join(folder, 'weights.safetensors'), bytes)
  return readSafetensors({ files: folderFiles(folder), path: 'weights.safetensors' })
}

function f32(begin: number, end: number, shape = [(end - begin) / 4]) {
  return { dtype: 'F32', shape, data_offsets: [begin, end] }
}

test('a file that was written reads back with values, metadata and the digest of its bytes', async () => {
  const bytes = encodeToBuffer(tensors, { made: 'by a test' })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  expect(await readBack(bytes)).toEqual({ tensors, metadata: { made: 'by a test' }, sha256 })
})

test('any set of float32 tensors reads back as it was', async () => {
  const tensor = fc
    .array(fc.float(), { maxLength: 12 })
    .map((list) => ({ shape: [list.length], values: Float32Array.from(list) }))
  const anyTensors = fc
    .dictionary(fc.string({ minLength: 1 }), tensor, { maxKeys: 5, noNullPrototype: true })
    .map((all) => new Map(Object.entries(all).filter(([name]) => name !== '__metadata__')))
  await fc.assert(
    fc.asyncProperty(anyTensors, async (map) => {
      expect((await readBack(encodeToBuffer(map))).tensors).toEqual(map)
    }),
    { numRuns: 30, seed: 4 },
  )
})

test('data begin at a multiple of eight bytes', () => {
  const [header] = encodeSafetensors(new Map([['x', { shape: [1], values: Float32Array.of(1) }]]))
  expect((header?.length ?? 1) % 8).toBe(0)
})

test('half and brain floats become the float32 they stand for', async () => {
  const halves = [0x3c00, 0xc000, 0x7bff, 0x0001, 0x03ff, 0x8000, 0x7c00]
  const brains = [0x3f80, 0xc049, 0x0001]
  const header = {
    half: { dtype: 'F16', shape: [7], data_offsets: [0, 14] },
    brain: { dtype: 'BF16', shape: [3], data_offsets: [14, 20] },
  }
  const bytes = withHeader(header, 20)
  const data = bytes.subarray(bytes.length - 20)
  for (const [index, value] of [...halves, ...brains].entries())
    data.writeUInt16LE(value, index * 2)
  const read = (await readBack(bytes)).tensors
  expect(read.get('half')?.values).toEqual(
    Float32Array.of(1, -2, 65504, 2 ** -24, 1023 * 2 ** -24, -0, Number.POSITIVE_INFINITY),
  )
  expect(read.get('brain')?.values).toEqual(Float32Array.of(1, -3.140625, 2 ** -133))
})

test('tensors that are not wanted are left out but counted in the digest', async () => {
  await writeFile(join(folder, 'some.safetensors'), encodeToBuffer(tensors))
  const location = { files: folderFiles(folder), path: 'some.safetensors' }
  const all = await readSafetensors(location)
  const some = await readSafetensors(location, { isWanted: (name) => name === 'b' })
  expect([...some.tensors.keys()]).toEqual(['b'])
  expect(some.sha256).toBe(all.sha256)
})

describe('a damaged file is refused by name', () => {
  const whole = encodeToBuffer(tensors)
  const damaged: Readonly<Record<string, { bytes: Uint8Array; code: string; says: RegExp }>> = {
    'an empty file': { bytes: Buffer.alloc(0), code: 'WeightsTruncated', says: /0 of 8 bytes/ },
    'a header longer than the file': {
      bytes: withHeader({}, 0).fill(0xff, 0, 2),
      code: 'WeightsTruncated',
      says: /header says it is 65535 bytes/,
    },
    'a header that is not JSON': {
      bytes: withHeader('{"a": ', 0),
      code: 'WeightsHeaderInvalid',
      says: /not JSON/,
    },
    'a header with a byte that is no text': {
      bytes: withHeader({ a: f32(0, 4) }, 4).fill(0xff, 10, 11),
      code: 'WeightsHeaderInvalid',
      says: /not UTF-8/,
    },
    'an entry without offsets': {
      bytes: withHeader({ a: { dtype: 'F32', shape: [1] } }, 4),
      code: 'WeightsHeaderInvalid',
      says: /tensor a: its entry/,
    },
    'a tensor named twice': {
      bytes: withHeader(`{"a":${JSON.stringify(f32(0, 4))},"a":${JSON.stringify(f32(0, 4))}}`, 4),
      code: 'WeightsTensorTwice',
      says: /tensor a: it stands twice/,
    },
    'offsets that overlap': {
      bytes: withHeader({ a: f32(0, 8), b: f32(4, 8) }, 8),
      code: 'WeightsOffsetsInvalid',
      says: /tensor b: .* overlap/,
    },
    'offsets with a gap': {
      bytes: withHeader({ a: f32(0, 4), b: f32(8, 12) }, 12),
      code: 'WeightsOffsetsInvalid',
      says: /tensor b: .* gap/,
    },
    'offsets past the end': {
      bytes: withHeader({ a: f32(0, 8) }, 4),
      code: 'WeightsTruncated',
      says: /tensor a: its bytes end at 8 but only 4/,
    },
    'bytes of no tensor': {
      bytes: withHeader({ a: f32(0, 4) }, 9),
      code: 'WeightsOffsetsInvalid',
      says: /5 bytes at its end/,
    },
    'a shape that does not fit the bytes': {
      bytes: withHeader({ a: f32(0, 8, [3]) }, 8),
      code: 'WeightsTensorSizeWrong',
      says: /tensor a: F32 of shape \[3\] takes 12 bytes/,
    },
    'a type unknown to the format': {
      bytes: withHeader({ a: { dtype: 'F31', shape: [1], data_offsets: [0, 4] } }, 4),
      code: 'WeightsTypeUnsupported',
      says: /tensor a: unknown type F31/,
    },
    'a type that is not read as weights': {
      bytes: withHeader({ a: { dtype: 'I32', shape: [1], data_offsets: [0, 4] } }, 4),
      code: 'WeightsTypeUnsupported',
      says: /tensor a: type I32/,
    },
    'a file cut short': {
      bytes: whole.subarray(0, whole.length - 1),
      code: 'WeightsTruncated',
      says: /tensor scalar/,
    },
  }
  test.each(Object.entries(damaged))('%s', async (_name, { bytes, code, says }) => {
    const error: unknown = await readBack(bytes).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(says) })
    expect(String(error)).toContain(join(folder, 'weights.safetensors'))
  })

  test('a file that is not there', async () => {
    const reading = readSafetensors({ files: folderFiles(folder), path: 'missing.safetensors' })
    await expect(reading).rejects.toMatchObject({ code: 'WeightsUnreadable' })
  })

  test('cut at any byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), async (length) => {
        const reading = readBack(whole.subarray(0, length))
        await expect(reading).rejects.toMatchObject({ name: 'WeightsError' })
      }),
      { numRuns: 25, seed: 4 },
    )
  })
})
