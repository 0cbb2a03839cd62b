import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import type { ObjectMeta } from '../../crds/object-meta.ts'
import { KubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { Platform } from '../../operator/controllers/platform.ts'
import { NOOP_CHECKPOINT_REQUESTER } from '../../operator/ports/checkpoint-requester.ts'
import type { ObjectEvent } from '../../operator/ports/events.ts'
import { NOOP_HINTS } from '../../operator/ports/hints.ts'
import type { JobRequest, ReaderRequest } from '../../operator/ports/job-request.ts'
import type { StoredMeta } from '../../operator/ports/objects.ts'
import type { ObservedJob } from '../../operator/ports/observed-job.ts'
import { NOOP_RESULT_TABLES } from '../../operator/ports/result-tables.ts'

type PlainObject = {
  metadata: { name: string; namespace?: string | undefined }
  spec: object
  status?: object | undefined
}
type Stored<T extends PlainObject> = T & { metadata: StoredMeta }

/** A platform of plain maps with a manual clock: only the test changes it. */
export interface SimulatedPlatform extends Platform {
  readonly jobList: Map<string, ObservedJob & { readonly request: JobRequest }>
  readonly readers: ReaderRequest[]
  readonly published: ObjectEvent[]
  advance(ms: number): void
  setJob(name: string, change: Partial<ObservedJob>): void
  editSweep(key: ObjectKey, change: Partial<NeCoSweep['spec']>): void
}

const NAMESPACE = 'default'

const isOwnedBy = ({ ownerReferences = [] }: ObjectMeta, ownerUid: string | undefined): boolean =>
  ownerReferences.some(({ uid }) => uid === ownerUid)

class SimulatedObjectStore<T extends PlainObject> {
  readonly #objects = new Map<string, Stored<T>>()
  readonly #nowMs: () => number
  readonly #watchers = new Set<(key: ObjectKey) => void>()
  #version = 0
  #created = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }
  readonly get = async ({ name }: ObjectKey): Promise<Stored<T> | undefined> =>
    structuredClone(this.#objects.get(name))
  readonly peek = (name: string): Stored<T> | undefined => this.#objects.get(name)
  readonly list = async (): Promise<Stored<T>[]> => structuredClone([...this.#objects.values()])
  readonly create = async (object: T): Promise<Stored<T>> => {
    const { name } = object.metadata
    if (this.#objects.has(name)) throw new KubeError('AlreadyExists', name)
    const metadata: StoredMeta = {
      ...object.metadata,
      namespace: NAMESPACE,
      uid: `uid-${name}-${++this.#created}`,
      resourceVersion: String(++this.#version),
      generation: 1,
      creationTimestamp: new Date(this.#nowMs()).toISOString(),
    }
    const { status: _left, ...rest } = object
    const stored = structuredClone({ ...rest, metadata }) as Stored<T>
    this.#objects.set(name, stored)
    this.#notify(name)
    return structuredClone(stored)
  }
  readonly write = (name: string, change: Partial<T>, resourceVersion?: string): Stored<T> => {
    const old = this.#objects.get(name)
    if (old === undefined) throw new KubeError('NotFound', name)
    if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
      throw new KubeError('Conflict', name)
    }
    const generation = old.metadata.generation + (change.spec === undefined ? 0 : 1)
    const metadata = { ...old.metadata, generation, resourceVersion: String(++this.#version) }
    const next = structuredClone({ ...old, ...change, metadata })
    this.#objects.set(name, next)
    this.#notify(name)
    return structuredClone(next)
  }
  readonly delete = async ({ name }: ObjectKey): Promise<void> => {
    if (this.#objects.delete(name)) this.#notify(name)
  }
  readonly removeOwnedBy = (uid: string | undefined): void => {
    for (const [name, { metadata }] of this.#objects) {
      if (isOwnedBy(metadata, uid)) void this.delete({ namespace: NAMESPACE, name })
    }
  }
  readonly watch = (changed: (key: ObjectKey) => void): (() => void) => {
    for (const name of this.#objects.keys()) changed({ namespace: NAMESPACE, name })
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }
  readonly #notify = (name: string): void => {
    for (const changed of this.#watchers) changed({ namespace: NAMESPACE, name })
  }
}

/** Creates a platform in memory for controller tests; times start at 0. */
export function createSimulatedPlatform(): SimulatedPlatform {
  let nowMs = 0
  const runs = new SimulatedObjectStore<NeCoRun>(() => nowMs)
  const sweeps = new SimulatedObjectStore<NeCoSweep>(() => nowMs)
  const jobList: SimulatedPlatform['jobList'] = new Map()
  const readers: ReaderRequest[] = []
  const published: ObjectEvent[] = []
  const jobWatchers = new Set<(run: ObjectKey) => void>()
  const notifyJobWatchers = ({ owner }: JobRequest): void => {
    for (const changed of jobWatchers) changed({ namespace: NAMESPACE, name: owner.name })
  }
  const setJob = (name: string, change: Partial<ObservedJob>): void => {
    const old = jobList.get(name)
    if (old === undefined) return
    jobList.set(name, { ...old, ...change })
    notifyJobWatchers(old.request)
  }
  return {
    jobList,
    readers,
    published,
    setJob,
    advance: (ms) => {
      nowMs += ms
    },
    editSweep: (key, change) => {
      const spec = sweeps.peek(key.name)?.spec
      if (spec !== undefined) sweeps.write(key.name, { spec: { ...spec, ...change } })
    },
    clock: { nowMs: () => nowMs, after: () => () => {} },
    events: { publish: async (event) => void published.push(event) },
    prerequisites: { findBlockers: async () => [], findEvaluationParallelism: async () => 0 },
    hints: NOOP_HINTS,
    checkpointRequester: NOOP_CHECKPOINT_REQUESTER,
    resultTables: NOOP_RESULT_TABLES,
    runs: {
      ...runs,
      listOwnedBy: async (uid) =>
        (await runs.list()).filter(({ metadata }) => isOwnedBy(metadata, uid)),
      writeStatus: async ({ name }, status, version) => runs.write(name, { status }, version),
      writeSpec: async ({ name }, spec, version) => runs.write(name, { spec }, version),
    },
    sweeps: {
      ...sweeps,
      delete: async (key) => {
        runs.removeOwnedBy(sweeps.peek(key.name)?.metadata.uid)
        await sweeps.delete(key)
      },
      writeStatus: async ({ name }, status, version) => sweeps.write(name, { status }, version),
    },
    jobs: {
      listOwnedBy: async (uid) => [...jobList.values()].filter(({ ownerUid }) => ownerUid === uid),
      create: async (request) => {
        if (jobList.has(request.name)) throw new KubeError('AlreadyExists', request.name)
        jobList.set(request.name, {
          request,
          name: request.name,
          uid: `uid-${request.name}`,
          ownerUid: request.owner.uid,
          state: 'Pending',
          isEnding: false,
          createdMs: nowMs,
        })
        notifyJobWatchers(request)
      },
      createReader: async (request) => void readers.push(request),
      delete: async ({ name }) => setJob(name, { isEnding: true }),
      watch: (changed) => {
        jobWatchers.add(changed)
        return () => jobWatchers.delete(changed)
      },
    },
  }
}
