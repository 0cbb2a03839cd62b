import { describe, expect, test } from 'vitest'
import { createManualClock } from '../test/fakes/manual-clock.ts'
import { TtlCache } from './ttl-cache.ts'

function open() {
  const clock = createManualClock()
  const cache = new TtlCache(clock, 1000)
  let loads = 0
  const load = async () => ++loads
  return { clock, get: (key = 'a') => cache.getOrLoad(key, load), cache }
}

describe('a TTL cache', () => {
  test('loads a value once, until its time has passed', async () => {
    const { clock, get } = open()
    expect(await Promise.all([get(), get()])).toEqual([1, 1])
    clock.advance(999)
    expect(await get()).toBe(1)
    clock.advance(1)
    expect(await get()).toBe(2)
  })

  test('keeps keys apart', async () => {
    const { get } = open()
    expect(await Promise.all([get('a'), get('b'), get('a')])).toEqual([1, 2, 1])
  })

  test('does not cache a failure', async () => {
    const { cache, get } = open()
    await expect(cache.getOrLoad('a', () => Promise.reject(new Error('away')))).rejects.toThrow()
    expect(await get()).toBe(1)
  })

  test('keeps a fresh value when a load that had expired before fails late', async () => {
    const { clock, cache, get } = open()
    const late = Promise.withResolvers<number>()
    const failing = expect(cache.getOrLoad('a', () => late.promise)).rejects.toThrow('late')
    clock.advance(1000)
    expect(await get()).toBe(1)
    late.reject(new Error('late'))
    await failing
    expect(await get()).toBe(1)
  })
})
