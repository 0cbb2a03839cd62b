import { describe, expect, test } from 'vitest'
import type { NeCoRun } from '../crds/necorun.ts'
import type { NeCoSweep } from '../crds/necosweep.ts'
import type { Runs, Sweeps } from '../operator/ports/objects.ts'

interface Home {
  readonly runs: Runs
  readonly sweeps: Sweeps
}

const scenes = { kind: 'Scenes' as const, count: 8 }
const aRun = (name: string, ownerUid?: string): NeCoRun => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoRun',
  metadata: {
    name,
    ...(ownerUid === undefined
      ? {}
      : {
          ownerReferences: [
            { apiVersion: 'neco.dev/v1alpha1', kind: 'NeCoSweep', name: 'study', uid: ownerUid },
          ],
        }),
  },
  spec: { data: scenes },
})
const aSweep: NeCoSweep = {
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: { name: 'study' },
  spec: { run: { data: scenes }, axes: [{ parameter: 'model.initSeed', values: [1] }] },
}
const key = (name: string) => ({ namespace: 'default', name })

/** What every home of objects must do; runs on each implementation of the port. */
export function describeObjects(name: string, openHome: () => Promise<Home>): void {
  describe(`objects of ${name}`, () => {
    test('get a UID, a version, generation 1 and a time, and can be read back', async () => {
      const { runs } = await openHome()
      const stored = await runs.create(aRun('a'))
      expect(stored.metadata).toMatchObject({ name: 'a', namespace: 'default', generation: 1 })
      expect(await runs.get(key('a'))).toEqual(stored)
      expect(await runs.list()).toEqual([stored])
    })

    test('that are not there read as undefined', async () => {
      const { runs } = await openHome()
      expect(await runs.get(key('a'))).toBeUndefined()
    })

    test('refuse a second one of the same name', async () => {
      const { runs } = await openHome()
      await runs.create(aRun('a'))
      await expect(runs.create(aRun('a'))).rejects.toMatchObject({ code: 'AlreadyExists' })
    })

    test('take a status from the newest version only, and keep the spec', async () => {
      const { runs } = await openHome()
      const first = await runs.create(aRun('a'))
      const { resourceVersion } = first.metadata
      const second = await runs.writeStatus(key('a'), { step: 1 }, resourceVersion)
      expect(second).toMatchObject({ spec: first.spec, status: { step: 1 } })
      expect(second.metadata.resourceVersion).not.toBe(resourceVersion)
      const stale = runs.writeStatus(key('a'), { step: 2 }, resourceVersion)
      await expect(stale).rejects.toMatchObject({ code: 'Conflict' })
      expect((await runs.get(key('a')))?.status).toEqual({ step: 1 })
    })

    test('count a generation for a changed spec, not for a status', async () => {
      const { runs } = await openHome()
      const first = await runs.create(aRun('a'))
      const second = await runs.writeStatus(key('a'), { step: 1 }, first.metadata.resourceVersion)
      const spec = { ...second.spec, suspend: true }
      const third = await runs.writeSpec(key('a'), spec, second.metadata.resourceVersion)
      expect([second, third].map(({ metadata }) => metadata.generation)).toEqual([1, 2])
      expect(third).toMatchObject({ spec: { suspend: true }, status: { step: 1 } })
    })

    test('that are gone refuse a write', async () => {
      const { runs } = await openHome()
      const { metadata } = await runs.create(aRun('a'))
      await runs.delete(key('a'))
      await runs.delete(key('a'))
      const late = runs.writeStatus(key('a'), {}, metadata.resourceVersion)
      await expect(late).rejects.toMatchObject({ code: 'NotFound' })
    })

    test('are listed by the UID of their owner', async () => {
      const { runs, sweeps } = await openHome()
      const { metadata } = await sweeps.create(aSweep)
      await runs.create(aRun('mine', metadata.uid))
      await runs.create(aRun('free'))
      const owned = await runs.listOwnedBy(metadata.uid)
      expect(owned.map((run) => run.metadata.name)).toEqual(['mine'])
    })

    test('go with the one that owns them', async () => {
      const { runs, sweeps } = await openHome()
      const { metadata } = await sweeps.create(aSweep)
      await runs.create(aRun('mine', metadata.uid))
      await sweeps.delete(key('study'))
      expect(await runs.get(key('mine'))).toBeUndefined()
    })

    test('tell a watcher what is there and what changes, until it stops', async () => {
      const { runs } = await openHome()
      const { metadata } = await runs.create(aRun('a'))
      const seen: string[] = []
      const stop = runs.watch(({ name: changed }) => seen.push(changed))
      await runs.create(aRun('b'))
      await runs.writeStatus(key('a'), { step: 1 }, metadata.resourceVersion)
      stop()
      await runs.create(aRun('c'))
      expect(seen).toEqual(['a', 'b', 'a'])
    })

    test('are given as copies: changing one changes nothing that is stored', async () => {
      const { runs } = await openHome()
      const stored = await runs.create(aRun('a'))
      stored.spec.data.count = 99
      expect((await runs.get(key('a')))?.spec.data.count).toBe(8)
    })
  })
}
