import { describe, expect, test } from 'vitest'
import { createManualClock } from '../test/fakes/manual-clock.ts'
import { pause } from './pause.ts'

/** A signal that counts its listeners. */
function createCountingSignal() {
  const controller = new AbortController()
  const { signal } = controller
  let listeners = 0
  const { addEventListener, removeEventListener } = signal
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++
    addEventListener.apply(signal, args)
  }
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--
    removeEventListener.apply(signal, args)
  }
  return { controller, signal, listeners: () => listeners }
}

describe('a pause', () => {
  test('ends after its time and leaves no listener on the signal', async () => {
    const clock = createManualClock()
    const { signal, listeners } = createCountingSignal()
    const paused = pause(clock, 100, signal)
    expect([clock.delays(), listeners()]).toEqual([[100], 1])
    clock.advance(100)
    await paused
    expect(listeners()).toBe(0)
  })

  test('ends as soon as the signal aborts, and leaves no timer', async () => {
    const clock = createManualClock()
    const { controller, signal } = createCountingSignal()
    const paused = pause(clock, 100, signal)
    controller.abort()
    await paused
    expect(clock.delays()).toEqual([])
  })

  test('of no time, or with an aborted signal, ends at once', async () => {
    const clock = createManualClock()
    await pause(clock, 0)
    await pause(clock, 100, AbortSignal.abort())
    expect(clock.delays()).toEqual([])
  })
})
