import { afterEach, describe, expect, test } from 'vitest'
import {
  type Backend,
  type BackendOptions,
  startBackend,
} from '../../vision/backends/start-backend.ts'
import { microTraining } from './micro-training.ts'

let backend: Backend | undefined

async function start(choice: BackendOptions): Promise<Backend> {
  backend = await startBackend(choice)
  return backend
}

afterEach(async () => {
  await backend?.close()
  backend = undefined
})

async function trained(choice: BackendOptions, steps: number) {
  await start(choice)
  const training = microTraining()
  const losses = Array.from({ length: steps }, () => training.step())
  const values = training.values()
  training.dispose()
  await backend?.close()
  backend = undefined
  return { losses, values }
}

describe('whole training steps', () => {
  test('wasm follows the float64 reference closely for ten steps', async () => {
    const expected = await trained({ backend: 'reference' }, 10)
    const found = await trained({ backend: 'wasm' }, 10)
    for (const [i, loss] of expected.losses.entries()) {
      // Ten steps of float32, each adding some roundings of 6e-8.
      expect(Math.abs((found.losses[i] ?? 0) / loss - 1)).toBeLessThan(3e-6)
    }
  })

  test.each(['wasm', 'reference'] as const)(
    'after warm-up, further steps on %s leave tensors, bytes and memory exactly where they were',
    async (name) => {
      const { memory } = await start({ backend: name })
      const training = microTraining()
      training.step()
      training.step()
      const before = memory()
      const steps = name === 'wasm' ? 500 : 20
      for (let step = 0; step < steps; step++) training.step()
      expect(memory()).toEqual(before)
      training.dispose()
      expect(memory()).toEqual({ tensors: 0, bytes: 0, wasmBytes: before.wasmBytes })
    },
  )
})
