import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { InputError } from '../input-error.ts'
import { lockOutput } from './output-lock.ts'
import { identifyProcess } from './process-identity.ts'

const NOW = Date.UTC(2026, 0, 1)
let out = ''
let folder = ''
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'neco-lock-'))
  folder = join(out, '.neco')
})
afterEach(() => rm(out, { recursive: true }))

const takeLock = () => lockOutput({ folder, pid: process.pid, nowMs: NOW })
const writeTestLock = (holder: object) =>
  writeFile(
    join(folder, 'lock.json'),
    JSON.stringify({ host: hostname(), since: '2026-01-01T00:00:00Z', ...holder }),
  )

describe('the lock of an output folder', () => {
  it('rejects a second holder, and names the first and since when', async () => {
    await takeLock()
    await expect(takeLock()).rejects.toThrow(
      new InputError([
        `${out}: in use by process ${process.pid} since 2026-01-01T00:00:00.000Z`,
        'wait for it, end it, or give another folder with --out',
      ]),
    )
  })

  it('can be acquired again after its release, which leaves no file', async () => {
    const first = await takeLock()
    await first.release()
    const second = await takeLock()
    await second.release()
    expect(await readdir(folder)).toEqual([])
  })

  it('is taken over when its process is gone, or its pid belongs to another process', async () => {
    const own = await identifyProcess(process.pid)
    await (await takeLock()).release()
    for (const holder of [
      { pid: 2 ** 30, started: 'long ago' },
      { pid: process.pid, started: `not ${own?.started}` },
    ]) {
      await writeTestLock(holder)
      await (await takeLock()).release()
    }
    await writeFile(join(folder, 'lock.json'), '{"pid": 12')
    await takeLock()
    expect(await readdir(folder)).toEqual(['lock.json'])
  })

  it('is not taken over when its process runs on another machine', async () => {
    await (await takeLock()).release()
    await writeTestLock({ pid: 1, started: 'x', host: 'elsewhere' })
    await expect(takeLock()).rejects.toThrow('in use by process 1 on elsewhere since')
    expect(await readFile(join(folder, 'lock.json'), 'utf8')).toContain('elsewhere')
  })

  it('has exactly one winner when many start at once on a stale lock', async () => {
    await (await takeLock()).release()
    await writeTestLock({ pid: 2 ** 30, started: 'long ago' })
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, takeLock))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await readdir(folder)).toEqual(['lock.json'])
  })

  it('is taken over from a process that died during a takeover', async () => {
    await (await takeLock()).release()
    const dead = { pid: 2 ** 30, started: 'long ago' }
    await writeTestLock(dead)
    const remainingFiles = await readFile(join(folder, 'lock.json'), 'utf8')
    const claim = `lock.json.after-${createHash('sha256').update(remainingFiles).digest('hex').slice(0, 16)}`
    const since = '2026-01-01T00:00:01Z'
    await writeFile(join(folder, claim), JSON.stringify({ ...dead, host: hostname(), since }))
    await takeLock()
    expect(await readdir(folder)).toEqual(['lock.json'])
    await expect(takeLock()).rejects.toThrow('in use by process')
  })
})
