import { describe, expect, test } from 'vitest'
import { TRAINING } from '../../../contract/task-address.ts'
import {
  CONFIG_MAPS,
  type FakeJobsPlatform,
  JOBS,
  makePod,
  PODS,
  SECRETS,
} from '../../../test/fakes/fake-jobs-platform.ts'
import type { FakeObject } from '../../../test/fakes/fake-objects.ts'
import { useFakeJobsPlatforms } from '../../../test/fakes/use-fake-jobs-platforms.ts'
import { buildTestJobRequest } from '../../../test/fixtures/job-request.ts'
import {
  buildFailedStatus,
  buildTrainerStatus,
  terminationMessage,
  terminationMessageText,
  toTimestamp,
} from '../../../test/fixtures/pod-states.ts'

const platforms = useFakeJobsPlatforms()
const request = buildTestJobRequest()
const runUid = request.owner.uid
const key = { namespace: 'team', name: request.name }
const name = `team/${request.name}`
const writes = () =>
  platforms.server.requests.flatMap(({ method, path }) =>
    method === 'GET' ? [] : [`${method} ${path}`],
  )
const running = {
  phase: 'Running',
  containerStatuses: [buildTrainerStatus({ running: { startedAt: toTimestamp(130) } })],
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
    const { jobs } = platforms.open({ bus })
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
    await expect(platforms.open().jobs.createReader(reader)).rejects.toMatchObject({
      code: 'Invalid',
    })
    const withBus = platforms.open({ bus }).jobs.createReader(reader)
    await expect(withBus).rejects.toMatchObject({ code: 'Invalid' })
    expect(writes()).toEqual([])
  })
})

describe('making a Job', () => {
  test('makes the ConfigMap of the run, the Secret of the attempt, then the Job', async () => {
    const { jobs } = platforms.open({ bus })
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
    await platforms.open({ bus: { ...bus, credentials } }).jobs.create(request)
    expect(asked).toEqual([{ kind: 'Pod', namespace: 'team', runUid, task: TRAINING, attempt: 1 }])
  })

  test('makes the next attempt from what was written down, whatever the defaults are now', async () => {
    await platforms
      .open({ defaults: { image: 'old:1', storage: { claim: 'first' } } })
      .jobs.create(request)
    const later = platforms.open({ defaults: { image: 'new:2', storage: { claim: 'second' } } })
    await later.jobs.create(buildTestJobRequest({ name: 'study-0-r0-a2', attempt: 2 }))
    const { spec } = platforms.server.objects.get(JOBS, 'team/study-0-r0-a2')
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
    const { jobs } = platforms.open()
    await jobs.create(request)
    platforms.server.objects.delete(CONFIG_MAPS, 'team/study-0-r0')
    await jobs.create(buildTestJobRequest({ name: 'study-0-r0-a2', attempt: 2 }))
    expect(platforms.server.objects.list(CONFIG_MAPS)).toHaveLength(1)
  })

  test('replaces a Secret that an attempt left which got no Job, without reading it', async () => {
    const { jobs } = platforms.open({ bus })
    platforms.server.objects.create(SECRETS, {
      metadata: { name: request.name, namespace: 'team' },
    })
    await jobs.create(request)
    const [secret] = platforms.server.objects.list(SECRETS) as (FakeObject & {
      stringData: object
    })[]
    expect(secret?.stringData).toEqual({ 'nats.creds': 'a secret', 'ca.crt': 'PEM' })
    const reads = platforms.server.requests.filter(
      ({ method, path }) => method === 'GET' && path.includes('secrets'),
    )
    expect(reads).toEqual([])
  })

  test('leaves a live Job of the name, and its Secret, alone', async () => {
    const { jobs } = platforms.open({ bus })
    await jobs.create(request)
    const before = writes().length
    await expect(jobs.create(request)).rejects.toMatchObject({ code: 'AlreadyExists' })
    expect(writes().length).toBe(before)
  })

  test.each(['jobs', 'configmaps'])(
    'is a conflict of names where somebody else has one of the %s',
    async (what) => {
      const { jobs } = platforms.open()
      const [collection, taken] =
        what === 'jobs' ? [JOBS, request.name] : [CONFIG_MAPS, request.owner.name]
      platforms.server.objects.create(collection, { metadata: { name: taken, namespace: 'team' } })
      await expect(jobs.create(request)).rejects.toMatchObject({
        code: 'NameConflict',
        message: expect.stringContaining(`team/${taken} is in the way: it belongs to nobody`),
      })
    },
  )

  test('is refused without an image or a claim, naming both fields', async () => {
    const made = platforms.open({ defaults: {} }).jobs.create(request)
    await expect(made).rejects.toMatchObject({
      code: 'Invalid',
      causes: [{ field: 'pod.image' }, { field: 'storage.claim' }],
    })
  })

  test('is refused where the API server refuses the Job, with its causes', async () => {
    const details = { causes: [{ field: 'spec.template', message: 'no such class' }] }
    platforms.server.injectFault(
      ({ method, path }) => method === 'POST' && path.endsWith('/jobs'),
      {
        status: 422,
        reason: 'Invalid',
        details,
      },
    )
    await expect(platforms.open().jobs.create(request)).rejects.toMatchObject({
      code: 'Invalid',
      causes: [{ field: 'spec.template', message: 'no such class' }],
    })
  })
})

describe('deleting a Job', () => {
  test('is done in the foreground, of that very Job, and its Secret goes too', async () => {
    const { jobs } = platforms.open({ bus })
    await jobs.create(request)
    const { uid } = platforms.server.objects.get(JOBS, name).metadata
    await jobs.delete(key)
    expect(platforms.server.requests.slice(-2)).toMatchObject([
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
    const { jobs } = platforms.open()
    platforms.server.objects.create(JOBS, { metadata: { name: 'foreign', namespace: 'team' } })
    await jobs.delete({ namespace: 'team', name: 'gone' })
    expect(writes()).toEqual([])
  })
})

const yieldToEventLoop = () => new Promise((resolve) => setImmediate(resolve))

const waitForFirstChange = (jobs: FakeJobsPlatform['jobs']) => {
  const next = Promise.withResolvers<typeof key>()
  const stop = jobs.watch((run) => next.resolve(run))
  return next.promise.finally(stop)
}

const waitForLastChange = async (jobs: FakeJobsPlatform['jobs']) => {
  const next = Promise.withResolvers<void>()
  const stop = jobs.watch((_run, urgency) => {
    if (urgency !== 'resync') next.resolve()
  })
  await next.promise
  stop()
}

const FAILED_STATUS = { failed: 1, conditions: [{ type: 'Failed', status: 'True' }] }

describe('the Jobs of a run', () => {
  test('are notified by the state of their pods', async () => {
    const { jobs } = platforms.open()
    await jobs.create(request)
    const received = waitForFirstChange(jobs)
    makePod(platforms.server, name, running)
    expect(await received).toEqual({ namespace: 'team', name: 'study-0-r0' })
  })

  test('are read again, once, when closed before any state of their pods arrived', async () => {
    platforms.server.injectFault(
      ({ path, query }) => path.endsWith('/pods') && query['watch'] === 'true',
      'hang',
    )
    const { jobs } = platforms.open()
    await jobs.create(request)
    makePod(
      platforms.server,
      name,
      buildFailedStatus({ exitCode: 2, message: terminationMessageText }),
    )
    platforms.server.objects.write(JOBS, name, { status: FAILED_STATUS })
    const first = async () => (await jobs.listOwnedBy(runUid))[0]
    while ((await first())?.state === 'Pending') await yieldToEventLoop()
    expect(await first()).toMatchObject({ state: 'Failed', exitCode: 2 })
    const reads = platforms.server.requests.filter(
      ({ path, query }) => path === '/api/v1/namespaces/team/pods' && query['watch'] === undefined,
    )
    expect(reads).toHaveLength(1)
  })

  test('keep the termination message of a pod that went before its Job was closed', async () => {
    const { jobs } = platforms.open()
    await jobs.create(request)
    makePod(
      platforms.server,
      name,
      buildFailedStatus({ exitCode: 6, message: terminationMessageText }),
    )
    const first = async () => (await jobs.listOwnedBy(runUid))[0]
    while ((await first())?.state !== 'Failed') await yieldToEventLoop()
    const received = waitForLastChange(jobs)
    platforms.server.objects.delete(PODS, `${name}-x`)
    await received
    platforms.server.objects.write(JOBS, name, { status: FAILED_STATUS })
    expect(await first()).toMatchObject({
      state: 'Failed',
      exitCode: 6,
      termination: terminationMessage,
    })
  })

  test('are given up with their node, for which they are looked at again by themselves', async () => {
    const { jobs, clock } = platforms.open()
    await jobs.create(request)
    makePod(platforms.server, name, { ...running, phase: 'Unknown' })
    const stop = jobs.watch(() => {})
    const first = async () => (await jobs.listOwnedBy(runUid))[0]
    platforms.server.objects.create('/api/v1/nodes', { metadata: { name: 'n1' } })
    while ((await first())?.state !== 'Running') await yieldToEventLoop()
    expect(clock.delays()).toContain(10_000)
    platforms.server.objects.delete('/api/v1/nodes', '/n1')
    const received = waitForFirstChange(jobs)
    clock.advance(10_000)
    expect(await received).toMatchObject({ name: 'study-0-r0' })
    expect(await first()).toMatchObject({
      state: 'Failed',
      cause: 'Disrupted',
      message: 'NodeLost: node n1 was deleted',
    })
    stop()
  })
})
