import { describe, expect, test } from 'vitest'
import { createManualClock } from '../../test/fakes/manual-clock.ts'
import { completesWithin } from './completes-within.ts'

describe('work within a time', () => {
  test('is done when it ends before, and leaves no timer', async () => {
    const clock = createManualClock()
    expect(await completesWithin(clock, 1000, Promise.resolve('x'))).toBe(true)
    await new Promise(setImmediate)
    expect(clock.delays()).toEqual([])
  })

  test('is left when it takes longer', async () => {
    const clock = createManualClock()
    const verdict = completesWithin(clock, 1000, new Promise(() => undefined))
    clock.advance(1000)
    expect(await verdict).toBe(false)
  })

  test('fails as the work does', async () => {
    await expect(
      completesWithin(createManualClock(), 1000, Promise.reject(new Error('no'))),
    ).rejects.toThrow('no')
  })
})
