import { afterEach, describe, expect, test } from 'vitest'
import { linear } from '../ops/linear.ts'
import {
  assignValues,
  readScalar,
  readTensorValues,
  toTensor,
  toVariable,
} from '../ops/tensor-values.ts'
import { type Backend, startBackend } from './start-backend.ts'

let backend: Backend | undefined

afterEach(async () => {
  await backend?.close()
  backend = undefined
})

describe('startBackend', () => {
  test('says in one line which backend it took, and why', async () => {
    backend = await startBackend({ backend: 'wasm' })
    expect(backend.selectionReason).toMatch(
      /^wasm: (relaxed|simd) kernels, because this engine .*; 1 thread$/,
    )
  })

  test('names the kernels, their variant, the split and tfjs-core in its identity', async () => {
    backend = await startBackend({ backend: 'wasm' })
    expect(backend.identity).toMatch(
      /^wasm [0-9a-f]{12}; (relaxed|simd) (fused|unfused); split 1; tfjs-core 4\.22\.0$/,
    )
  })

  test('has the same identity for any number of threads', async () => {
    backend = await startBackend({ backend: 'wasm' })
    const alone = backend.identity
    await backend.close()
    backend = await startBackend({ backend: 'wasm', threads: 2 })
    expect(backend.identity).toBe(alone)
  })

  test('keeps float64 on the reference backend', async () => {
    backend = await startBackend({ backend: 'reference' })
    expect(readTensorValues(toTensor([1 / 3], [1]))).toEqual(Float64Array.of(1 / 3))
  })

  test('keeps float32 on the wasm backend', async () => {
    backend = await startBackend({ backend: 'wasm' })
    expect(readTensorValues(toTensor([1 / 3], [1]))).toEqual(Float32Array.of(1 / 3))
  })

  test('counts tensors and bytes, and takes back what is disposed', async () => {
    backend = await startBackend({ backend: 'wasm' })
    const before = backend.memory()
    const tensor = toTensor([1, 2, 3], [3])
    expect(backend.memory()).toEqual({ ...before, tensors: before.tensors + 1, bytes: 12 })
    tensor.dispose()
    expect(backend.memory()).toEqual(before)
  })

  test('refuses a kernel on a tensor that has been disposed', async () => {
    backend = await startBackend({ backend: 'wasm' })
    const [x, weight] = [toTensor([1], [1, 1]), toTensor([1], [1, 1])]
    x.dispose()
    expect(() => linear(x, { weight })).toThrow('a tensor was used after it had been disposed')
  })
})

describe('tensor values', () => {
  test('are copied out: a later change of the variable does not show', async () => {
    backend = await startBackend({ backend: 'wasm' })
    const variable = toVariable([1, 2], [2])
    const values = readTensorValues(variable)
    assignValues(variable, [3, 4])
    expect([...values, ...readTensorValues(variable)]).toEqual([1, 2, 3, 4])
    variable.dispose()
  })

  test('must be as many as the shape holds', async () => {
    backend = await startBackend({ backend: 'reference' })
    expect(() => toTensor([1, 2, 3], [2, 2])).toThrow(
      'a tensor of shape [2,2] holds 4 values, not 3',
    )
  })

  test('give one number for a scalar', async () => {
    backend = await startBackend({ backend: 'wasm' })
    expect(readScalar(toTensor([2.5], []))).toBe(2.5)
  })
})
