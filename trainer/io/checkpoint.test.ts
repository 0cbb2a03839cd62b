import { beforeEach, describe, expect, test } from 'vitest'
import type { ShardName } from '../../contract/checkpoint-manifest.ts'
import type { Storage } from '../../pod/storage.ts'
import { attemptFolder, checkpointsFolder } from '../../pod/storage-layout.ts'
import { faultyStorage, type StorageFault } from '../../test/fakes/faulty-storage.ts'
import { memoryBucket } from '../../test/fakes/memory-bucket.ts'
import { buildMicroRunConfig } from '../../test/fixtures/micro-run-config.ts'
import { findCheckpoint } from './find-checkpoint.ts'
import { pruneCheckpoints } from './prune-checkpoints.ts'
import { type ShardContent, writeCheckpoint } from './write-checkpoint.ts'

let storage: Storage
beforeEach(() => {
  storage = memoryBucket()
})

const runKey = 'a'.repeat(64)
const { result: settings } = buildMicroRunConfig()
const buildAttemptFolder = (attempt: number) => attemptFolder(runKey, { attempt, podUid: 'pod' })
const shard = (value: number): ShardContent => ({
  tensors: new Map([['weight', { shape: [2], values: Float32Array.of(value, -value) }]]),
})
const write = (step: number, attempt = 1, into = storage) =>
  writeCheckpoint(into, {
    attempt: buildAttemptFolder(attempt),
    facts: { runKey, step, totalSteps: 10, imagesSeen: 4 * step, settings, backend: 'test' },
    shards: new Map<ShardName, ShardContent>([
      ['student', shard(step)],
      ['moments', shard(step + 0.5)],
    ]),
  })
const find = () => findCheckpoint({ storage, runKey })
const foundStep = async () => (await find()).found?.manifest.step

describe('a checkpoint', () => {
  test('is read back as it was written', async () => {
    await write(3)
    const { found } = await find()
    expect(found?.manifest).toMatchObject({ step: 3, imagesSeen: 12, settings, backend: 'test' })
    expect(found?.shards.get('student')?.tensors.get('weight')?.values).toEqual(
      Float32Array.of(3, -3),
    )
  })

  test('of the newest step is found, whichever attempt wrote it', async () => {
    await write(4, 2)
    await write(7, 1)
    await write(6, 3)
    expect(await foundStep()).toBe(7)
  })

  test('of another run is never found', async () => {
    await write(3)
    const { found } = await findCheckpoint({ storage, runKey: 'b'.repeat(64) })
    expect(found).toBeUndefined()
  })

  test('with a changed shard is passed over for the one before, with the reason', async () => {
    await write(3)
    const { folder, shards } = await write(5)
    const path = `${folder}/${shards.student?.file}`
    const bytes = Buffer.from(await storage.read(path))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    await storage.put(path, bytes)
    const { found, skipped } = await find()
    expect(found?.manifest.step).toBe(3)
    expect(skipped.map(({ why }) => why)).toEqual([
      `${shards.student?.file} was changed after it was written`,
    ])
  })

  test('without a manifest was never completed', async () => {
    await write(3)
    const { folder } = await write(5)
    await storage.delete(`${folder}/manifest.json`)
    const { found, skipped } = await find()
    expect([found?.manifest.step, skipped[0]?.why]).toEqual([3, 'it was never completed'])
  })

  test('with a damaged manifest is passed over', async () => {
    await write(3)
    const { folder } = await write(5)
    await storage.put(`${folder}/manifest.json`, '{"schemaVersion":')
    expect(await foundStep()).toBe(3)
  })
})

describe('a fault at any write leaves a whole checkpoint', () => {
  const faults: readonly StorageFault[] = ['NoSpace', 'TornWrite', 'LostReply']
  test.each(faults.flatMap((fault) => [0, 1, 2].map((at) => [fault, at] as const)))(
    '%s at write %i',
    async (fault, at) => {
      await write(3)
      const faulty = faultyStorage(storage, at, fault)
      await expect(write(5, 1, faulty)).rejects.toMatchObject({
        code: fault === 'NoSpace' ? 'StorageFull' : 'StorageFailed',
      })
      // The manifest is the last of three: with its reply lost, the checkpoint is complete.
      expect(await foundStep()).toBe(fault === 'LostReply' && at === 2 ? 5 : 3)
      await write(6)
      expect(await foundStep()).toBe(6)
    },
  )
  test('and three writes are all there are', async () => {
    const counting = faultyStorage(storage, -1, 'NoSpace')
    await write(3, 1, counting)
    expect(counting.writes()).toBe(3)
  })
})

describe('pruning', () => {
  const remaining = async () => {
    const names = [
      ...(await storage.list(checkpointsFolder(buildAttemptFolder(1)))),
      ...(await storage.list(checkpointsFolder(buildAttemptFolder(2)))),
    ]
    return names.map((name) => Number(name.slice(5))).sort((a, b) => a - b)
  }
  test('keeps the newest complete ones of any attempt, and those an evaluation waits for', async () => {
    for (const step of [1, 2, 3, 4]) await write(step, 1)
    for (const step of [5, 6]) await write(step, 2)
    await pruneCheckpoints({ storage, runKey, keep: 2, retainedSteps: new Set([2]) })
    expect(await remaining()).toEqual([2, 5, 6])
  })
  test('removes leftovers that were never completed, but not the one being written', async () => {
    const { folder } = await write(2)
    await storage.delete(`${folder}/manifest.json`)
    await write(3)
    const newer = await write(4)
    await storage.delete(`${newer.folder}/manifest.json`)
    await pruneCheckpoints({ storage, runKey, keep: 1, retainedSteps: new Set() })
    expect(await remaining()).toEqual([3, 4])
  })
})
