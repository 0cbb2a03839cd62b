import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { openJournal } from './journal.ts'
import { openJournalFolder } from './journal-folder.ts'
import { ObjectStore } from './object-store.ts'
import { openStoredRuns, openStoredSweeps } from './stored-kinds.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-objects-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function openTestStore() {
  const storage = openJournalFolder(folder)
  let uids = 0
  const store = new ObjectStore({
    journal: await openJournal(storage, 'journal.ndjson'),
    now: () => Date.UTC(2026, 0, 1),
    newUid: () => `uid-${++uids}`,
  })
  return { runs: openStoredRuns(store), sweeps: openStoredSweeps(store) }
}

const aRun = (name: string, owner?: { name: string; uid: string }): NeCoRun => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoRun',
  metadata: {
    name,
    ...(owner === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: 'neco.dev/v1alpha1', kind: 'NeCoSweep', ...owner }] }),
  },
  spec: { data: { kind: 'Scenes', count: 8 } },
})
const aSweep: NeCoSweep = {
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: { name: 'study' },
  spec: { run: aRun('x').spec, axes: [{ parameter: 'model.initSeed', values: [1] }] },
}
const key = (name: string) => ({ namespace: 'default', name })

describe('objects of the local home', () => {
  it('get what the API server gives: namespace, uid, version, generation and time', async () => {
    const { runs } = await openTestStore()
    const stored = await runs.create({ ...aRun('a'), status: { step: 3 } })
    expect(stored).toEqual({
      ...aRun('a'),
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: 'uid-1',
        generation: 1,
        resourceVersion: '1',
        creationTimestamp: '2026-01-01T00:00:00.000Z',
      },
    })
    await expect(runs.create(aRun('a'))).rejects.toMatchObject({ code: 'AlreadyExists' })
  })

  it('refuse a write made from an old version, and count generations for the spec alone', async () => {
    const { runs } = await openTestStore()
    const first = await runs.create(aRun('a'))
    const second = await runs.writeStatus(key('a'), { step: 1 }, first.metadata.resourceVersion)
    expect(second.metadata).toMatchObject({ resourceVersion: '2', generation: 1 })
    const stale = runs.writeStatus(key('a'), { step: 9 }, first.metadata.resourceVersion)
    await expect(stale).rejects.toMatchObject({ code: 'Conflict' })
    const spec = { ...second.spec, suspend: true }
    const third = await runs.writeSpec(key('a'), spec, second.metadata.resourceVersion)
    expect(third).toMatchObject({ metadata: { generation: 2 }, spec, status: { step: 1 } })
    await expect(runs.writeStatus(key('b'), {}, '1')).rejects.toMatchObject({ code: 'NotFound' })
  })

  it('do not change when the same status is written again', async () => {
    const { runs } = await openTestStore()
    const first = await runs.create(aRun('a'))
    const second = await runs.writeStatus(key('a'), { step: 1 }, first.metadata.resourceVersion)
    const received: unknown[] = []
    runs.watch((changed) => received.push(changed))
    const third = await runs.writeStatus(key('a'), { step: 1 }, second.metadata.resourceVersion)
    expect(third).toEqual(second)
    expect(received).toEqual([key('a')])
  })

  it('go with their owner', async () => {
    const { runs, sweeps } = await openTestStore()
    const { metadata } = await sweeps.create(aSweep)
    await runs.create(aRun('mine', { name: 'study', uid: metadata.uid }))
    await runs.create(aRun('other', { name: 'study', uid: 'an older study' }))
    const owned = await runs.listOwnedBy(metadata.uid)
    expect(owned.map((run) => run.metadata.name)).toEqual(['mine'])
    await sweeps.delete(key('study'))
    expect((await runs.list()).map((run) => run.metadata.name)).toEqual(['other'])
  })

  it('are as they were after a restart, and versions never go back', async () => {
    const before = await openTestStore()
    const run = await before.runs.create(aRun('a'))
    await before.runs.writeStatus(key('a'), { step: 4 }, run.metadata.resourceVersion)
    await before.runs.create(aRun('b'))
    await before.runs.delete(key('b'))
    const all = await before.runs.list()

    const after = await openTestStore()
    expect(await after.runs.list()).toEqual(all)
    const next = await after.runs.create(aRun('c'))
    expect(Number(next.metadata.resourceVersion)).toBeGreaterThan(3)
  })

  it('cannot be changed by holding on to them', async () => {
    const { runs } = await openTestStore()
    await runs.create(aRun('a'))
    const held = (await runs.get(key('a'))) as { spec: { seed?: number } }
    held.spec.seed = 7
    expect((await runs.get(key('a')))?.spec).toEqual(aRun('a').spec)
  })
})
