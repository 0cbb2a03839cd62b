import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ApiClient, createApiClient } from '../../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../../kube/client/api-endpoint.ts'
import { FakeApiServer } from '../../../test/fakes/fake-api-server.ts'
import {
  type FakeJobsPlatform,
  makePod,
  openFakeJobsPlatform,
} from '../../../test/fakes/fake-jobs-platform.ts'
import { createManualClock } from '../../../test/fakes/manual-clock.ts'
import { buildTestJobRequest } from '../../../test/fixtures/job-request.ts'
import { buildTrainerStatus, toTimestamp } from '../../../test/fixtures/pod-states.ts'
import { waitForOwnedJobs } from '../../../test/fixtures/wait-for-owned-jobs.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { type EvictionWarnings, openEvictionWarnings } from './eviction-warnings.ts'

const NODES = '/api/v1/nodes'
const request = buildTestJobRequest()
const running = {
  phase: 'Running',
  containerStatuses: [buildTrainerStatus({ running: { startedAt: toTimestamp(130) } })],
}

let server: FakeApiServer
let api: ApiClient
let evictionWarnings: EvictionWarnings
let platform: FakeJobsPlatform
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
  const clock = createManualClock()
  api = createApiClient({ endpoint: createApiEndpoint(server.kubeConfig), clock })
})
afterEach(async () => {
  await platform.close()
  await evictionWarnings.close()
  api.close()
  await server.close()
})

async function openWithNode(): Promise<void> {
  server.objects.create(NODES, { metadata: { name: 'n1', namespace: '' }, spec: {} })
  evictionWarnings = openEvictionWarnings({ api, clock: createManualClock(), random: () => 0 })
  platform = openFakeJobsPlatform(server, { evictionWarnings })
  await platform.jobs.create(request)
  makePod(server, `team/${request.name}`, running)
}

/** The Job, once it is as wanted. */
const once = (holds: (job: ObservedJob) => boolean): Promise<ObservedJob> =>
  waitForOwnedJobs(platform.jobs, request.owner.uid, (found) => found.find(holds))

test('a node that is cordoned wakes the runs of its pods, whose Jobs carry the warning', async () => {
  await openWithNode()
  const before = await once(({ state }) => state === 'Running')
  expect(before.evictionWarning).toBeUndefined()
  const warned = once(({ evictionWarning: warning }) => warning !== undefined)
  server.objects.write(NODES, '/n1', { spec: { unschedulable: true } })
  expect((await warned).evictionWarning).toBe('node n1 is cordoned')
})

test('without the right to follow nodes there is no warning, and all else goes on', async () => {
  server.injectFault(({ path }) => path === NODES, { status: 403, reason: 'Forbidden' })
  await openWithNode()
  const job = await once(({ state }) => state === 'Running')
  expect(job.evictionWarning).toBeUndefined()
})
