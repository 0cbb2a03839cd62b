import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../kube/client/api-endpoint.ts'
import { FakeApiServer, type FakeRequest } from '../../test/fakes/fake-api-server.ts'
import { createManualClock, type ManualClock } from '../../test/fakes/manual-clock.ts'
import { buildTeamCluster } from '../../test/fakes/team-cluster.ts'
import type { Cluster } from './open-cluster.ts'
import { runJobAndReadLog } from './run-job-and-read-log.ts'

const PODS = '/api/v1/pods'
const namespace = 'team'
const job = { metadata: { name: 'study-reader-00000', namespace } }

let server: FakeApiServer
let api: ApiClient
let clock: ManualClock
let interrupts: Set<(count: number) => void>
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  clock = createManualClock()
  interrupts = new Set()
  api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
})
afterEach(async () => {
  api.close()
  await server.close()
})

const isWatch = ({ path, query }: FakeRequest): boolean =>
  path.endsWith('/pods') && query['watch'] === 'true'

const aCluster = (): Cluster =>
  buildTeamCluster({
    api,
    clock,
    onInterrupt: (listener) => {
      interrupts.add(listener)
      return () => interrupts.delete(listener)
    },
  })

/** Runs the Job, whose pod has the given status. */
async function start(status: object): Promise<{ readonly log: Promise<string> }> {
  const pod = { metadata: { name: 'reader', namespace }, spec: { nodeName: 'node' } }
  server.objects.create(PODS, pod)
  server.objects.write(PODS, `${namespace}/reader`, { ...pod, status })
  const watched = server.waitForRequest(isWatch)
  const log = runJobAndReadLog(aCluster(), job)
  log.catch(() => undefined)
  await watched
  return { log }
}

const pressCtrlC = (): void => {
  for (const received of interrupts) received(1)
}

const methods = (): readonly string[] =>
  server.requests.filter(({ method }) => method !== 'GET').map(({ method }) => method)

describe('the log of a Job', () => {
  test('is read when its pod has ended well, and the Job is deleted', async () => {
    const line = { file: 'a', isMissing: true }
    server.documents.set(`/api/v1/namespaces/${namespace}/pods/reader/log`, line)
    const { log } = await start({ phase: 'Succeeded' })
    expect(await log).toBe(JSON.stringify(line))
    expect(methods()).toEqual(['POST', 'DELETE'])
  })

  test('is an error with the termination message of a pod that failed', async () => {
    server.documents.set(`/api/v1/namespaces/${namespace}/pods/reader/log`, { msg: 'disk gone' })
    const { log } = await start({ phase: 'Failed' })
    await expect(log).rejects.toMatchObject({
      lines: ['Job team/study-reader-00000 failed: {"msg":"disk gone"}'],
    })
    expect(methods()).toEqual(['POST', 'DELETE'])
  })

  test('is an error where the pod waits for its image, and the Job is deleted', async () => {
    const waiting = { reason: 'ImagePullBackOff', message: 'no such image' }
    const containerStatuses = [{ name: 'reader', state: { waiting } }]
    const conditions = [{ type: 'PodScheduled', status: 'True' }]
    const { log } = await start({ phase: 'Pending', conditions, containerStatuses })
    clock.advance(180_000)
    await expect(log).rejects.toMatchObject({
      lines: [
        expect.stringMatching(
          /^Job team\/study-reader-00000 did not end in 180 s: its pod reader is pending \(ImagePullBackOff: no such image\)$/,
        ),
      ],
    })
    expect(methods()).toEqual(['POST', 'DELETE'])
  })

  test('is not waited for after Ctrl-C: the Job is deleted, and a second Ctrl-C is ignored', async () => {
    const { log } = await start({ phase: 'Running' })
    pressCtrlC()
    expect(interrupts.size).toBe(0)
    await expect(log).rejects.toMatchObject({
      code: 'Interrupted',
      lines: ['interrupted; Job team/study-reader-00000 is deleted'],
    })
    expect(methods()).toEqual(['POST', 'DELETE'])
  })

  test('is not waited for where Ctrl-C comes while the Job is being created', async () => {
    const posted = server.waitForRequest(({ method }) => method === 'POST')
    const log = runJobAndReadLog(aCluster(), job)
    log.catch(() => undefined)
    await posted
    pressCtrlC()
    await expect(log).rejects.toMatchObject({ code: 'Interrupted' })
    expect(methods()).toEqual(['POST', 'DELETE'])
  })

  test('reports after Ctrl-C that the Job remains where it may not be deleted', async () => {
    server.injectFault(({ method }) => method === 'DELETE', { status: 403, reason: 'Forbidden' })
    const { log } = await start({ phase: 'Running' })
    pressCtrlC()
    await expect(log).rejects.toMatchObject({
      code: 'Interrupted',
      lines: [
        expect.stringMatching(
          /study-reader-00000 remains until its TTL deletes it: .*: 403 Forbidden/,
        ),
      ],
    })
  })
})
