import { beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../pod/storage.ts'
import { claimEvaluation, waitForClaim } from './claim.ts'

const key = 'k'
const claimPath = 'evaluations/k/claim.json'
const identity = { run: 'r', attempt: 2, podUid: 'pod-1' }

/** Files in memory, with times of a clock that only sleeping moves on. */
function createClaimFixture() {
  const files = new Map<string, { text: string; atMs: number }>()
  let nowMs = 0
  const writes: string[] = []
  const put = (path: string, text: string) => {
    writes.push(path)
    files.set(path, { text, atMs: nowMs })
  }
  const storage: Pick<Storage, 'read' | 'writeAtomic' | 'createExclusive' | 'ageMs' | 'remove'> = {
    read: async (path) => Buffer.from(files.get(path)?.text ?? ''),
    writeAtomic: async (path, bytes) => put(path, String(bytes)),
    createExclusive: async (path, bytes) => {
      if (files.has(path)) return false
      put(path, String(bytes))
      return true
    },
    ageMs: async (path) => {
      const file = files.get(path)
      return file === undefined ? undefined : nowMs - file.atMs
    },
    remove: async (path) => {
      files.delete(path)
    },
  }
  return {
    files,
    writes,
    put,
    advance: (ms: number) => {
      nowMs += ms
    },
    options: { storage: storage as Storage, key, identity, monotonicMs: () => nowMs },
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
  const claim = async (onSleep: () => void = () => undefined) => {
    const claimed = await waitForClaim({
      ...fixture.options,
      sleep: async (ms) => {
        sleeps++
        fixture.advance(ms)
        onSleep()
      },
    })
    return claimed.kind === 'Ours' ? claimed.claim : undefined
  }
  const byAnother = (run: string, attempt = 1) =>
    fixture.put(claimPath, JSON.stringify({ run, attempt, podUid: 'pod-other' }))

  test('is ours when nobody has it, and gone when it is released', async () => {
    const ours = await claim()
    expect([...fixture.files.keys()]).toEqual([claimPath])
    await ours?.release()
    expect([...fixture.files.keys()]).toEqual([])
    expect(sleeps).toBe(0)
  })

  test('can be asked for without waiting', async () => {
    byAnother('another-run')
    expect(await claimEvaluation(fixture.options)).toEqual({ kind: 'Held' })
    fixture.put('evaluations/k/result.json', '{}')
    expect(await claimEvaluation(fixture.options)).toEqual({ kind: 'Done' })
  })

  test('is not needed when the result is there', async () => {
    fixture.put('evaluations/k/result.json', '{}')
    expect(await claim()).toBeUndefined()
    expect(fixture.writes).toEqual(['evaluations/k/result.json'])
  })

  test('waits for the process that computes, until its result is there', async () => {
    byAnother('another-run')
    const found = await claim(() => {
      if (sleeps === 10) fixture.put('evaluations/k/result.json', '{}')
    })
    expect(found).toBeUndefined()
    expect(sleeps).toBe(10)
  })

  test('is taken over when it was not renewed for twenty seconds', async () => {
    byAnother('another-run')
    expect(await claim()).toBeDefined()
    expect(fixture.nowMs()).toBe(20_500)
    expect(fixture.files.get(claimPath)?.text).toBe(JSON.stringify(identity))
  })

  test('is taken over at once from an earlier attempt of the same run, not from its neighbor', async () => {
    byAnother('r', 1)
    expect(await claim()).toBeDefined()
    expect(sleeps).toBe(0)
    byAnother('r', 2)
    expect(await claim()).toBeDefined()
    expect(sleeps).toBeGreaterThan(0)
  })

  test('is taken over from a process that died while it wrote its name', async () => {
    fixture.put(claimPath, '{"run":')
    expect(await claim()).toBeDefined()
    expect(fixture.nowMs()).toBe(20_500)
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
