import { afterEach, beforeEach } from 'vitest'
import { FakeApiServer } from '../../../test/fake-api-server.ts'
import { makePod, openJobHome, PODS } from '../../../test/job-home.ts'
import { aJobRequest } from '../../../test/job-request.ts'
import { at, trainer } from '../../../test/pod-states.ts'
import { describeJobsContract } from '../../ports/contract/jobs-contract.ts'

let server: FakeApiServer
beforeEach(async () => {
  server = new FakeApiServer()
  await server.listen()
})
afterEach(() => server.close())

/** The fake makes every object on the first day of 2026. */
const STARTED = Date.parse('2026-01-01T00:00:05Z') / 1000
const running = { state: { running: { startedAt: at(STARTED) } } }

describeJobsContract('a fake API server', async () => {
  const { jobs, close } = openJobHome(server)
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
    buildRequest: (name, owner) => aJobRequest({ name, owner, namespace: 'default' }),
    endPod: async (name, { exitCode, termination }) => {
      const terminated = {
        exitCode,
        startedAt: at(STARTED),
        finishedAt: at(STARTED + 60),
        message: JSON.stringify(termination),
      }
      server.objects.write(PODS, `default/${name}-x`, {
        status: {
          phase: exitCode === 0 ? 'Succeeded' : 'Failed',
          containerStatuses: [trainer({ terminated })],
        },
      })
    },
    close,
  }
})
