import { beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../pod/storage.ts'
import { memoryBucket } from '../../test/fakes/memory-bucket.ts'
import { claimEvaluation, waitForClaim } from './claim.ts'

const key = 'k'
const claimPath = 'evaluations/k/claim.json'
const identity = { run: 'r', attempt: 2, podUid: 'pod-1' }

/** A bucket whose writes are recorded, and a clock that only sleeping moves on. */
function createClaimFixture() {
  const bucket = memoryBucket()
  let nowMs = 0
  const writes: string[] = []
  const storage: Storage = {
    ...bucket,
    put: async (path, bytes) => {
      writes.push(path)
      await bucket.put(path, bytes)
    },
    putIfAbsent: async (path, bytes) => {
      const isCreated = await bucket.putIfAbsent(path, bytes)
      if (isCreated) writes.push(path)
      return isCreated
    },
  }
  return {
    paths: () => bucket.listRecursively(''),
    read: async (path: string) => JSON.parse(String(Buffer.from(await bucket.read(path)))),
    writes,
    put: storage.put,
    advance: (ms: number) => {
      nowMs += ms
    },
    options: { storage, key, identity, monotonicMs: () => nowMs },
    nowMs: () => nowMs,
  }
}

describe('the claim of an evaluation', () => {
  let fixture: ReturnType<typeof createClaimFixture>
  let sleeps: number
  beforeEach(() => {
    fixture = createClaimFixture()
    sleeps = 0
  })
  const claim = async (onSleep: () => unknown = () => undefined) => {
    const claimed = await waitForClaim({
      ...fixture.options,
      sleep: async (ms) => {
        sleeps++
        fixture.advance(ms)
        await onSleep()
      },
    })
    return claimed.kind === 'Ours' ? claimed.claim : undefined
  }
  const byAnother = (run: string, attempt = 1) =>
    fixture.put(claimPath, JSON.stringify({ run, attempt, podUid: 'pod-other' }))

  test('is ours when nobody has it, and gone when it is released', async () => {
    const ours = await claim()
    expect(await fixture.paths()).toEqual([claimPath])
    await ours?.release()
    expect(await fixture.paths()).toEqual([])
    expect(sleeps).toBe(0)
  })

  test('can be asked for without waiting', async () => {
    await byAnother('another-run')
    expect(await claimEvaluation(fixture.options)).toEqual({ kind: 'Held' })
    await fixture.put('evaluations/k/result.json', '{}')
    expect(await claimEvaluation(fixture.options)).toEqual({ kind: 'Done' })
  })

  test('is not needed when the result is there', async () => {
    await fixture.put('evaluations/k/result.json', '{}')
    expect(await claim()).toBeUndefined()
    expect(fixture.writes).toEqual(['evaluations/k/result.json'])
  })

  test('waits for the process that computes, until its result is there', async () => {
    await byAnother('another-run')
    const found = await claim(() => {
      return sleeps === 10 && fixture.put('evaluations/k/result.json', '{}')
    })
    expect(found).toBeUndefined()
    expect(sleeps).toBe(10)
  })

  test('is taken over when it was not renewed for twenty seconds', async () => {
    await byAnother('another-run')
    expect(await claim()).toBeDefined()
    expect(fixture.nowMs()).toBe(20_500)
    expect(await fixture.read(claimPath)).toEqual({ ...identity, renewals: 0 })
  })

  test('is taken over at once from an earlier attempt of the same run, not from its neighbor', async () => {
    await byAnother('r', 1)
    expect(await claim()).toBeDefined()
    expect(sleeps).toBe(0)
    await byAnother('r', 2)
    expect(await claim()).toBeDefined()
    expect(sleeps).toBeGreaterThan(0)
  })

  test('is taken over from a process that died while it wrote its name', async () => {
    await fixture.put(claimPath, '{"run":')
    expect(await claim()).toBeDefined()
    expect(fixture.nowMs()).toBe(20_500)
  })

  test('is waited for as long as it is renewed, whatever the clocks of others say', async () => {
    const theirs = await claimEvaluation({
      ...fixture.options,
      identity: { run: 'another-run', attempt: 1, podUid: 'pod-other' },
    })
    const found = await claim(async () => {
      if (theirs.kind === 'Ours') await theirs.claim.renew()
      return fixture.nowMs() > 100_000 && fixture.put('evaluations/k/result.json', '{}')
    })
    expect(found).toBeUndefined()
    expect(fixture.nowMs()).toBeGreaterThan(100_000)
  })

  test('that another process took over is not released by who had it', async () => {
    const ours = await claim()
    await byAnother('another-run')
    await ours?.release()
    expect(await fixture.read(claimPath)).toMatchObject({ podUid: 'pod-other' })
  })

  test('is renewed at most every two seconds', async () => {
    const ours = await claim()
    for (let i = 0; i < 10; i++) {
      fixture.advance(500)
      await ours?.renew()
    }
    expect(fixture.writes).toEqual([claimPath, claimPath, claimPath])
  })
})
