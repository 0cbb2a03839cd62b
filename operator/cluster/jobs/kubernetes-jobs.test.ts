import { describe, expect, test } from 'vitest'
import { TRAINING } from '../../../contract/task-address.ts'
import type { FakeObject } from '../../../test/fake-objects.ts'
import { CONFIG_MAPS, JOBS, type JobHome, makePod, PODS, SECRETS } from '../../../test/job-home.ts'
import { jobHomes } from '../../../test/job-homes.ts'
import { aJobRequest } from '../../../test/job-request.ts'
import { at, failed, said, trainer, words } from '../../../test/pod-states.ts'
import type { ObjectKey } from '../../ports/objects.ts'

const homes = jobHomes()
const request = aJobRequest()
const runUid = request.owner.uid
const key: ObjectKey = { namespace: 'team', name: request.name }
const name = `team/${request.name}`
const writes = () =>
  homes.server.requests.flatMap(({ method, path }) =>
    method === 'GET' ? [] : [`${method} ${path}`],
  )
const running = {
  phase: 'Running',
  containerStatuses: [trainer({ running: { startedAt: at(130) } })],
}
const bus = {
  servers: ['tls://nats.test:4222'],
  caCertificate: 'PEM',
  credentials: async () => ({ text: 'a secret', expiresMs: 0 }),
}

describe('making a reader', () => {
  const reader = {
    name: 'study-0-r0-reader-1',
    namespace: 'team',
    owner: request.owner,
    runKeys: [],
    placement: {},
  }

  test('makes a Secret and a Job, placed as the run was on its first day', async () => {
    const { jobs } = homes.open({ bus })
    await jobs.create(request)
    const before = writes().length
    await jobs.createReader(reader)
    const root = '/namespaces/team'
    expect(writes().slice(before)).toEqual([
      `POST /api/v1${root}/secrets`,
      `POST /apis/batch/v1${root}/jobs`,
    ])
    expect((await jobs.listOwnedBy(runUid)).map((job) => job.name)).toContain(reader.name)
  })

  test('is Invalid where there is no bus, or the run has no ConfigMap', async () => {
    await expect(homes.open().jobs.createReader(reader)).rejects.toMatchObject({ code: 'Invalid' })
    const withBus = homes.open({ bus }).jobs.createReader(reader)
    await expect(withBus).rejects.toMatchObject({ code: 'Invalid' })
    expect(writes()).toEqual([])
  })
})

describe('making a Job', () => {
  test('makes the ConfigMap of the run, the Secret of the attempt, then the Job', async () => {
    const { jobs } = homes.open({ bus })
    await jobs.create(request)
    const root = '/namespaces/team'
    expect(writes()).toEqual([
      `POST /api/v1${root}/configmaps`,
      `POST /api/v1${root}/secrets`,
      `POST /apis/batch/v1${root}/jobs`,
    ])
    expect(await jobs.listOwnedBy(runUid)).toMatchObject([{ name: request.name, isEnding: false }])
  })

  test('asks for credentials of this attempt alone', async () => {
    const asked: unknown[] = []
    const credentials = async (address: unknown) => {
      asked.push(address)
      return { text: 'a secret', expiresMs: 0 }
    }
    await homes.open({ bus: { ...bus, credentials } }).jobs.create(request)
    expect(asked).toEqual([{ kind: 'Pod', namespace: 'team', runUid, task: TRAINING, attempt: 1 }])
  })

  test('makes the next attempt from what was written down, whatever the defaults are now', async () => {
    await homes
      .open({ defaults: { image: 'old:1', storage: { claim: 'first' } } })
      .jobs.create(request)
    const later = homes.open({ defaults: { image: 'new:2', storage: { claim: 'second' } } })
    await later.jobs.create(aJobRequest({ name: 'study-0-r0-a2', attempt: 2 }))
    const { spec } = homes.server.objects.get(JOBS, 'team/study-0-r0-a2')
    expect(spec).toMatchObject({
      template: {
        spec: {
          containers: [{ image: 'old:1' }],
          volumes: [{}, { persistentVolumeClaim: { claimName: 'first' } }, {}],
        },
      },
    })
  })

  test('makes the ConfigMap again where somebody deleted it', async () => {
    const { jobs } = homes.open()
    await jobs.create(request)
    homes.server.objects.delete(CONFIG_MAPS, 'team/study-0-r0')
    await jobs.create(aJobRequest({ name: 'study-0-r0-a2', attempt: 2 }))
    expect(homes.server.objects.list(CONFIG_MAPS)).toHaveLength(1)
  })

  test('replaces a Secret that an attempt left which got no Job, without reading it', async () => {
    const { jobs } = homes.open({ bus })
    homes.server.objects.create(SECRETS, { metadata: { name: request.name, namespace: 'team' } })
    await jobs.create(request)
    const [secret] = homes.server.objects.list(SECRETS) as (FakeObject & { stringData: object })[]
    expect(secret?.stringData).toEqual({ 'nats.creds': 'a secret', 'ca.crt': 'PEM' })
    const reads = homes.server.requests.filter(
      ({ method, path }) => method === 'GET' && path.includes('secrets'),
    )
    expect(reads).toEqual([])
  })

  test('leaves a live Job of the name, and its Secret, alone', async () => {
    const { jobs } = homes.open({ bus })
    await jobs.create(request)
    const before = writes().length
    await expect(jobs.create(request)).rejects.toMatchObject({ code: 'AlreadyExists' })
    expect(writes().length).toBe(before)
  })

  test.each(['jobs', 'configmaps'])(
    'is a conflict of names where somebody else has one of the %s',
    async (what) => {
      const { jobs } = homes.open()
      const [collection, taken] =
        what === 'jobs' ? [JOBS, request.name] : [CONFIG_MAPS, request.owner.name]
      homes.server.objects.create(collection, { metadata: { name: taken, namespace: 'team' } })
      await expect(jobs.create(request)).rejects.toMatchObject({
        code: 'NameConflict',
        message: expect.stringContaining(`team/${taken} is in the way: it belongs to nobody`),
      })
    },
  )

  test('is refused without an image or a claim, naming both fields', async () => {
    const made = homes.open({ defaults: {} }).jobs.create(request)
    await expect(made).rejects.toMatchObject({
      code: 'Invalid',
      causes: [{ field: 'pod.image' }, { field: 'storage.claim' }],
    })
  })

  test('is refused where the API server refuses the Job, with its causes', async () => {
    const details = { causes: [{ field: 'spec.template', message: 'no such class' }] }
    homes.server.fail(({ method, path }) => method === 'POST' && path.endsWith('/jobs'), {
      status: 422,
      reason: 'Invalid',
      details,
    })
    await expect(homes.open().jobs.create(request)).rejects.toMatchObject({
      code: 'Invalid',
      causes: [{ field: 'spec.template', message: 'no such class' }],
    })
  })
})

describe('deleting a Job', () => {
  test('is done in the foreground, of that very Job, and its Secret goes too', async () => {
    const { jobs } = homes.open({ bus })
    await jobs.create(request)
    const { uid } = homes.server.objects.get(JOBS, name).metadata
    await jobs.delete(key)
    expect(homes.server.requests.slice(-2)).toMatchObject([
      {
        method: 'DELETE',
        path: `/apis/batch/v1/namespaces/team/jobs/${request.name}`,
        body: { propagationPolicy: 'Foreground', preconditions: { uid } },
      },
      { method: 'DELETE', path: `/api/v1/namespaces/team/secrets/${request.name}` },
    ])
    expect(await jobs.listOwnedBy(runUid)).toEqual([])
  })

  test('asks for nothing where there is no such Job of ours', async () => {
    const { jobs } = homes.open()
    homes.server.objects.create(JOBS, { metadata: { name: 'foreign', namespace: 'team' } })
    await jobs.delete({ namespace: 'team', name: 'gone' })
    expect(writes()).toEqual([])
  })
})

const turn = () => new Promise((resolve) => setImmediate(resolve))

const heardOnce = (jobs: JobHome['jobs']) => {
  const next = Promise.withResolvers<ObjectKey>()
  const stop = jobs.watch((run) => next.resolve(run))
  return next.promise.finally(stop)
}

/** The next news beyond what is there already. */
const heardLast = async (jobs: JobHome['jobs']) => {
  const next = Promise.withResolvers<void>()
  const stop = jobs.watch((_run, urgency) => {
    if (urgency !== 'resync') next.resolve()
  })
  await next.promise
  stop()
}

describe('the Jobs of a run', () => {
  test('are told of by the state of their pods', async () => {
    const { jobs } = homes.open()
    await jobs.create(request)
    const heard = heardOnce(jobs)
    makePod(homes.server, name, running)
    expect(await heard).toEqual({ namespace: 'team', name: 'study-0-r0' })
  })

  test('are read anew, once, when closed before anything was heard of their pods', async () => {
    homes.server.fail(
      ({ path, query }) => path.endsWith('/pods') && query['watch'] === 'true',
      'hang',
    )
    const { jobs } = homes.open()
    await jobs.create(request)
    makePod(homes.server, name, failed({ exitCode: 2, message: said }))
    const conditions = [{ type: 'Failed', status: 'True' }]
    homes.server.objects.write(JOBS, name, { status: { failed: 1, conditions } })
    const first = async () => (await jobs.listOwnedBy(runUid))[0]
    while ((await first())?.state === 'Pending') await turn()
    expect(await first()).toMatchObject({ state: 'Failed', exitCode: 2 })
    const reads = homes.server.requests.filter(
      ({ path, query }) => path === '/api/v1/namespaces/team/pods' && query['watch'] === undefined,
    )
    expect(reads).toHaveLength(1)
  })

  test('keep the last words of a pod that went before its Job was closed', async () => {
    const { jobs } = homes.open()
    await jobs.create(request)
    makePod(homes.server, name, failed({ exitCode: 6, message: said }))
    const first = async () => (await jobs.listOwnedBy(runUid))[0]
    while ((await first())?.state !== 'Failed') await turn()
    const heard = heardLast(jobs)
    homes.server.objects.delete(PODS, `${name}-x`)
    await heard
    const conditions = [{ type: 'Failed', status: 'True' }]
    homes.server.objects.write(JOBS, name, { status: { failed: 1, conditions } })
    expect(await first()).toMatchObject({ state: 'Failed', exitCode: 6, termination: words })
  })

  test('are given up with their node, for which they are looked at again by themselves', async () => {
    const { jobs, clock } = homes.open()
    await jobs.create(request)
    makePod(homes.server, name, { ...running, phase: 'Unknown' })
    const stop = jobs.watch(() => {})
    const first = async () => (await jobs.listOwnedBy(runUid))[0]
    homes.server.objects.create('/api/v1/nodes', { metadata: { name: 'n1' } })
    while ((await first())?.state !== 'Running') await turn()
    expect(clock.delays()).toContain(10_000)
    homes.server.objects.delete('/api/v1/nodes', '/n1')
    const heard = heardOnce(jobs)
    clock.turn(10_000)
    expect(await heard).toMatchObject({ name: 'study-0-r0' })
    expect(await first()).toMatchObject({
      state: 'Failed',
      cause: 'Disrupted',
      message: 'NodeLost: node n1 was deleted',
    })
    stop()
  })
})
