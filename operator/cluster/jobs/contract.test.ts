import { afterEach, beforeEach } from 'vitest'
import { describeJobsContract } from '../../../test/contract/jobs-contract.ts'
import { FakeApiServer } from '../../../test/fakes/fake-api-server.ts'
import { makePod, openFakeJobsPlatform, PODS } from '../../../test/fakes/fake-jobs-platform.ts'
import { buildTestJobRequest } from '../../../test/fixtures/job-request.ts'
import { buildTrainerStatus, toTimestamp } from '../../../test/fixtures/pod-states.ts'

let server: FakeApiServer
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
})
afterEach(() => server.close())

/** The fake makes every object on the first day of 2026. */
const STARTED = Date.parse('2026-01-01T00:00:05Z') / 1000
const running = { state: { running: { startedAt: toTimestamp(STARTED) } } }

describeJobsContract('a fake API server', async () => {
  const { jobs, close } = openFakeJobsPlatform(server)
  return {
    jobs: {
      listOwnedBy: (uid) => jobs.listOwnedBy(uid),
      createReader: (request) => jobs.createReader(request),
      create: async (request) => {
        await jobs.create(request)
        const status = { phase: 'Running', containerStatuses: [{ name: 'trainer', ...running }] }
        makePod(server, `default/${request.name}`, status)
      },
      delete: (key) => jobs.delete(key),
      watch: (changed) => jobs.watch(changed),
    },
    buildRequest: (name, owner) => buildTestJobRequest({ name, owner, namespace: 'default' }),
    endPod: async (name, { exitCode, termination }) => {
      const terminated = {
        exitCode,
        startedAt: toTimestamp(STARTED),
        finishedAt: toTimestamp(STARTED + 60),
        message: JSON.stringify(termination),
      }
      server.objects.write(PODS, `default/${name}-x`, {
        status: {
          phase: exitCode === 0 ? 'Succeeded' : 'Failed',
          containerStatuses: [buildTrainerStatus({ terminated })],
        },
      })
    },
    close,
  }
})
