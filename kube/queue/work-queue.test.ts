import { describe, expect, test } from 'vitest'
import type { Clock } from '../../std/clock.ts'
import { createWorkQueue, type ReconcileResult } from './work-queue.ts'
import type { WorkQueueObserver } from './work-queue-observer.ts'

/** A clock whose timers fire when the test turns it. */
function createFakeClock(): Clock & { readonly advance: (ms: number) => void } {
  let nowMs = 0
  let timers: { readonly atMs: number; readonly call: () => void }[] = []
  return {
    nowMs: () => nowMs,
    after: (delayMs, call) => {
      const timer = { atMs: nowMs + delayMs, call }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance: (ms) => {
      nowMs += ms
      const due = timers.filter(({ atMs }) => atMs <= nowMs)
      timers = timers.filter(({ atMs }) => atMs > nowMs)
      for (const { call } of due) call()
    },
  }
}

/** A queue whose rounds wait until the test lets them end. */
function createPausedQueue(concurrency = 2, observer?: WorkQueueObserver) {
  const clock = createFakeClock()
  const started: string[] = []
  const release = new Map<string, (result: ReconcileResult | Error) => void>()
  const errors: [string, string][] = []
  const queue = createWorkQueue({
    clock,
    concurrency,
    observer,
    onFailure: (key, error) => errors.push([key, (error as Error).message]),
    reconcile: (key) => {
      started.push(key)
      return new Promise((resolve, reject) => {
        release.set(key, (end) => (end instanceof Error ? reject(end) : resolve(end)))
      })
    },
  })
  const end = async (key: string, result: ReconcileResult | Error = {}): Promise<void> => {
    release.get(key)?.(result)
    await new Promise(setImmediate)
  }
  return { clock, started, errors, queue, end }
}

describe('a work queue', () => {
  test('works on one key once at a time, and once more when it changed meanwhile', async () => {
    const { queue, started, end } = createPausedQueue()
    for (let i = 0; i < 5; i++) queue.add('a')
    expect(started).toEqual(['a'])
    queue.add('a')
    queue.add('a')
    await end('a')
    expect(started).toEqual(['a', 'a'])
    await end('a')
    await queue.idle()
    expect(started).toEqual(['a', 'a'])
  })

  test('works on as many keys at once as allowed', async () => {
    const { queue, started, end } = createPausedQueue(2)
    for (const key of ['a', 'b', 'c']) queue.add(key)
    expect(started).toEqual(['a', 'b'])
    await end('b')
    expect(started).toEqual(['a', 'b', 'c'])
  })

  test('takes keys that change now before keys found by listing, and each once', async () => {
    const { queue, started, end } = createPausedQueue(1)
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key, 'resync')
    queue.add('x')
    queue.add('c', 'live')
    queue.add('c', 'resync')
    for (const key of ['a', 'x', 'c', 'b', 'd']) await end(key)
    await queue.idle()
    expect(started).toEqual(['a', 'x', 'c', 'b', 'd'])
  })

  test('puts a key that changed while it was worked on before those found by listing', async () => {
    const { queue, started, end } = createPausedQueue(1)
    queue.add('a')
    queue.add('b', 'resync')
    queue.add('a', 'live')
    queue.add('a', 'resync')
    for (const key of ['a', 'a', 'b']) await end(key)
    expect(started).toEqual(['a', 'a', 'b'])
  })

  test('tries a failed key again after 100, 200, 400 ms, and forgets the failures after a success', async () => {
    const { queue, clock, started, end, errors } = createPausedQueue()
    queue.add('a')
    for (const [delay, reconciles] of [
      [100, 2],
      [200, 3],
      [400, 4],
    ] as const) {
      await end('a', new Error('no'))
      clock.advance(delay - 1)
      expect(started).toHaveLength(reconciles - 1)
      clock.advance(1)
      expect(started).toHaveLength(reconciles)
    }
    await end('a')
    queue.add('a')
    await end('a', new Error('again'))
    clock.advance(100)
    expect(started).toHaveLength(6)
    expect(errors.map(([, message]) => message)).toEqual(['no', 'no', 'no', 'again'])
  })

  test('looks again when it was asked to, unless something changes before', async () => {
    const { queue, clock, started, end } = createPausedQueue()
    queue.add('a')
    await end('a', { requeueAfterMs: 1000 })
    clock.advance(999)
    expect(started).toHaveLength(1)
    queue.add('a')
    await end('a')
    clock.advance(5000)
    expect(started).toHaveLength(2)
  })

  test('looks again after an hour at the latest, since a timer cannot wait for months', async () => {
    const { queue, clock, started, end } = createPausedQueue()
    queue.add('a')
    await end('a', { requeueAfterMs: 3e10 })
    clock.advance(3_599_999)
    expect(started).toHaveLength(1)
    clock.advance(1)
    expect(started).toHaveLength(2)
    await end('a')
  })

  test('takes nothing more once closed, and resolves when its work is done', async () => {
    const { queue, started, end } = createPausedQueue(1)
    queue.add('a')
    queue.add('b')
    let isClosed = false
    const closing = queue.close().then(() => {
      isClosed = true
    })
    queue.add('c')
    await new Promise(setImmediate)
    expect(isClosed).toBe(false)
    await end('a')
    await closing
    expect(started).toEqual(['a'])
  })

  test('notifies an observer of every wait, start and end, and how each reconcile ended', async () => {
    const received: string[] = []
    const { queue, clock, end } = createPausedQueue(1, {
      added: (key) => received.push(`added ${key}`),
      started: (key) => received.push(`started ${key}`),
      ended: (key, outcome) => received.push(`ended ${key} ${outcome}`),
    })
    queue.add('a')
    queue.add('b', 'resync')
    queue.add('b', 'live')
    await end('a', new Error('no'))
    await end('b', { requeueAfterMs: 50 })
    clock.advance(50)
    await end('b')
    expect(received).toEqual([
      'added a',
      'started a',
      'added b',
      'ended a Failed',
      'started b',
      'ended b Requeued',
      'added b',
      'started b',
      'ended b Done',
    ])
  })
})
