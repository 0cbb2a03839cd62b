import { describe, expect, it } from 'vitest'
import { API_GROUP_VERSION, RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { Runs, StoredSweep, Sweeps } from '../../operator/ports/objects.ts'

/** An empty store of both kinds. */
export interface ObjectsFixture {
  readonly runs: Runs
  readonly sweeps: Sweeps
}

const namespace = 'default'
const key = (name: string): ObjectKey => ({ namespace, name })
const spec: NeCoRun['spec'] = { data: { kind: 'Scenes', count: 8 } }

const aRun = (name: string, owner?: StoredSweep): NeCoRun => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  metadata: {
    name,
    namespace,
    labels: { study: 'contract' },
    ...(owner === undefined
      ? {}
      : {
          ownerReferences: [
            {
              apiVersion: API_GROUP_VERSION,
              kind: SWEEP_KIND,
              name: owner.metadata.name,
              uid: owner.metadata.uid,
              controller: true,
            },
          ],
        }),
  },
  spec,
})

const aSweep = (name: string): NeCoSweep => ({
  apiVersion: API_GROUP_VERSION,
  kind: SWEEP_KIND,
  metadata: { name, namespace },
  spec: { run: spec, axes: [{ parameter: 'model.initSeed', values: [1, 2] }] },
})

/** Resolves once the check holds; a platform may work in the background. */
async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

const names = (objects: readonly { readonly metadata: { readonly name: string } }[]): string[] =>
  objects.map(({ metadata }) => metadata.name).sort()

function describeReading(open: () => Promise<ObjectsFixture>): void {
  it('gives a new object a UID, a version, generation 1 and a time, and stores its fields', async () => {
    const { runs } = await open()
    const stored = await runs.create(aRun('a'))
    expect(stored.metadata).toEqual({
      ...aRun('a').metadata,
      uid: expect.stringMatching(/./),
      resourceVersion: expect.stringMatching(/./),
      generation: 1,
      creationTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
    expect(stored.spec).toEqual(spec)
    expect(await runs.get(key('a'))).toEqual(stored)
  })

  it('drops a status at creation', async () => {
    const { runs } = await open()
    const { status } = await runs.create({ ...aRun('a'), status: { step: 3 } })
    expect(status).toBeUndefined()
  })

  it('finds nothing in an empty store', async () => {
    const { runs, sweeps } = await open()
    expect(await runs.get(key('a'))).toBeUndefined()
    expect(await sweeps.get(key('a'))).toBeUndefined()
    expect([await runs.list(), await sweeps.list()]).toEqual([[], []])
  })

  it('distinguishes a run and a sweep of one name', async () => {
    const { runs, sweeps } = await open()
    await runs.create(aRun('a'))
    await sweeps.create(aSweep('a'))
    expect((await runs.get(key('a')))?.kind).toBe(RUN_KIND)
    expect((await sweeps.get(key('a')))?.kind).toBe(SWEEP_KIND)
  })

  it('cannot be mutated through returned objects', async () => {
    const { runs } = await open()
    await runs.create(aRun('a'))
    const held = await runs.get(key('a'))
    // A copy accepts the change, a frozen object throws.
    Reflect.set(held?.spec ?? {}, 'seed', 7)
    expect((await runs.get(key('a')))?.spec).toEqual(spec)
  })
}

function describeWriting(open: () => Promise<ObjectsFixture>): void {
  it('rejects a second object of a name with AlreadyExists', async () => {
    const { runs } = await open()
    await runs.create(aRun('a'))
    await expect(runs.create(aRun('a'))).rejects.toMatchObject({ code: 'AlreadyExists' })
  })

  it('replaces only the status, without a new generation', async () => {
    const { runs } = await open()
    const { metadata } = await runs.create(aRun('a'))
    await runs.writeStatus(key('a'), { step: 1, totalSteps: 9 }, metadata.resourceVersion)
    const newest = (await runs.get(key('a')))?.metadata.resourceVersion ?? ''
    const stored = await runs.writeStatus(key('a'), { step: 2 }, newest)
    expect(stored).toMatchObject({ spec, status: { step: 2 }, metadata: { generation: 1 } })
    expect(stored.status).toEqual({ step: 2 })
  })

  it('replaces only the spec, with a new generation', async () => {
    const { runs } = await open()
    const first = await runs.create(aRun('a'))
    const second = await runs.writeStatus(key('a'), { step: 1 }, first.metadata.resourceVersion)
    const { resourceVersion } = second.metadata
    const third = await runs.writeSpec(key('a'), { ...spec, suspend: true }, resourceVersion)
    expect(third).toMatchObject({ status: { step: 1 }, metadata: { generation: 2 } })
    expect(third.spec).toEqual({ ...spec, suspend: true })
  })

  it('rejects a write from an old version with Conflict, and changes nothing', async () => {
    const { runs } = await open()
    const { resourceVersion } = (await runs.create(aRun('a'))).metadata
    const stored = await runs.writeStatus(key('a'), { step: 1 }, resourceVersion)
    const late = runs.writeStatus(key('a'), { step: 2 }, resourceVersion)
    await expect(late).rejects.toMatchObject({ code: 'Conflict' })
    const lateSpec = runs.writeSpec(key('a'), { ...spec, suspend: true }, resourceVersion)
    await expect(lateSpec).rejects.toMatchObject({ code: 'Conflict' })
    expect(await runs.get(key('a'))).toEqual(stored)
  })

  it('rejects a write of a missing object with NotFound', async () => {
    const { runs, sweeps } = await open()
    const code = { code: 'NotFound' }
    await expect(runs.writeStatus(key('a'), {}, '1')).rejects.toMatchObject(code)
    await expect(runs.writeSpec(key('a'), spec, '1')).rejects.toMatchObject(code)
    await expect(sweeps.writeStatus(key('a'), {}, '1')).rejects.toMatchObject(code)
  })
}

function describeOwning(open: () => Promise<ObjectsFixture>): void {
  it('lists what an owner owns by UID', async () => {
    const { runs, sweeps } = await open()
    const owner = await sweeps.create(aSweep('study'))
    await runs.create(aRun('study-0-r0', owner))
    await runs.create(aRun('alone'))
    expect(names(await runs.listOwnedBy(owner.metadata.uid))).toEqual(['study-0-r0'])
    expect(names(await runs.list())).toEqual(['alone', 'study-0-r0'])
  })

  it('deletes owned objects after their owner', async () => {
    const { runs, sweeps } = await open()
    const owner = await sweeps.create(aSweep('study'))
    await runs.create(aRun('study-0-r0', owner))
    await runs.create(aRun('alone'))
    await sweeps.delete(key('study'))
    await eventually(async () => (await runs.list()).length === 1)
    expect(names(await runs.list())).toEqual(['alone'])
  })

  it('gives a deleted and recreated object another UID, and deletes a missing object without an error', async () => {
    const { sweeps } = await open()
    await sweeps.delete(key('study'))
    const first = await sweeps.create(aSweep('study'))
    await sweeps.delete(key('study'))
    await eventually(async () => (await sweeps.get(key('study'))) === undefined)
    const second = await sweeps.create(aSweep('study'))
    expect(second.metadata.uid).not.toBe(first.metadata.uid)
  })
}

function describeWatching(open: () => Promise<ObjectsFixture>): void {
  it('calls back for existing, created, changed and deleted objects, until it is unsubscribed', async () => {
    const { runs } = await open()
    await runs.create(aRun('early'))
    const received: string[] = []
    const nextChange = async (name: string): Promise<void> => {
      await eventually(async () => received.includes(name))
      received.splice(0)
    }
    const stop = runs.watch(({ name }) => received.push(name))
    await nextChange('early')
    const { metadata } = await runs.create(aRun('later'))
    await nextChange('later')
    await runs.writeStatus(key('later'), { step: 1 }, metadata.resourceVersion)
    await nextChange('later')
    await runs.delete(key('later'))
    await nextChange('later')
    stop()
    await runs.create(aRun('unheard'))
    expect(received).toEqual([])
  })

  it('does not notify watchers of one kind of the other', async () => {
    const { runs, sweeps } = await open()
    const received: string[] = []
    const stop = sweeps.watch(({ name }) => received.push(name))
    await runs.create(aRun('a'))
    await sweeps.create(aSweep('b'))
    await eventually(async () => received.length > 0)
    stop()
    expect(received).toEqual(['b'])
  })
}

/** The contract of every Objects port; `open` returns a new empty store. */
export function describeObjectsContract(
  platform: string,
  open: () => Promise<ObjectsFixture>,
): void {
  describe(`the objects of ${platform}`, () => {
    describeReading(open)
    describeWriting(open)
    describeOwning(open)
    describeWatching(open)
  })
}
