import { inspect } from 'node:util'
import type { V1JobSpec } from '@kubernetes/client-node'
import { describe, expect, test } from 'vitest'
import { JOBS, SECRETS } from '../../../test/fakes/fake-jobs-platform.ts'
import type { FakeObject } from '../../../test/fakes/fake-objects.ts'
import { useFakeJobsPlatforms } from '../../../test/fakes/use-fake-jobs-platforms.ts'
import { buildTestJobRequest } from '../../../test/fixtures/job-request.ts'

const platforms = useFakeJobsPlatforms()
const request = buildTestJobRequest()
const bus = {
  servers: ['tls://nats.test:4222'],
  caCertificate: 'PEM',
  credentials: async () => ({ text: 'a secret', expiresMs: 0 }),
}

describe('the Secret of an attempt', () => {
  test('is not mounted in a later attempt where NATS was taken out of the settings meanwhile', async () => {
    await platforms.open({ bus }).jobs.create(request)
    await platforms.open().jobs.create(buildTestJobRequest({ name: 'study-0-r0-a2', attempt: 2 }))
    const listSecretVolumes = (job: string) => {
      const { spec } = platforms.server.objects.get(JOBS, `team/${job}`) as FakeObject & {
        spec: V1JobSpec
      }
      return spec.template.spec?.volumes?.map((volume) => volume.name)
    }
    expect(listSecretVolumes('study-0-r0-a1')).toEqual(['run-config', 'storage', 'scratch', 'bus'])
    expect(listSecretVolumes('study-0-r0-a2')).toEqual(['run-config', 'storage', 'scratch'])
    expect(platforms.server.objects.list(SECRETS)).toHaveLength(1)
  })

  test('goes with its Job also where NATS was taken out of the settings meanwhile, and none is asked for where there is none', async () => {
    await platforms.open({ bus }).jobs.create(request)
    const { jobs } = platforms.open()
    await jobs.delete({ namespace: 'team', name: request.name })
    expect(platforms.server.objects.list(SECRETS)).toEqual([])
    const second = buildTestJobRequest({ name: 'study-0-r0-a2', attempt: 2 })
    await jobs.create(second)
    await jobs.delete({ namespace: 'team', name: second.name })
    const deleted = platforms.server.requests.filter(({ method }) => method === 'DELETE')
    expect(deleted.map(({ path }) => path.split('/').slice(-2).join('/'))).toEqual([
      `jobs/${request.name}`,
      `secrets/${request.name}`,
      `jobs/${second.name}`,
    ])
  })

  test('is not made for a run that began without a bus, where NATS was added meanwhile', async () => {
    await platforms.open().jobs.create(request)
    await platforms
      .open({ bus })
      .jobs.create(buildTestJobRequest({ name: 'study-0-r0-a2', attempt: 2 }))
    expect(platforms.server.objects.list(SECRETS)).toEqual([])
    expect(platforms.server.objects.list(JOBS)).toHaveLength(2)
  })

  test('that is refused tells why, and nothing of what it held', async () => {
    const held = 'SUAGC3DHPD3BGZD3FYKLD57QJBLK2TYLDTSTNJ2AUXNNHLCRLGDJLYCKDQ'
    const credentials = async () => ({ text: `-----\n${held}\n-----`, expiresMs: 0 })
    const causes = [{ field: 'data[nats.creds]', message: `${btoa(`-----\n${held}`)}: too long` }]
    const reason = `no "${held}"`
    platforms.server.injectFault(({ path }) => path.endsWith('/secrets'), {
      status: 422,
      reason,
      details: { causes },
    })
    const refused = await platforms
      .open({ bus: { ...bus, credentials } })
      .jobs.create(request)
      .catch((error: unknown) => error)
    expect(refused).toMatchObject({
      code: 'Invalid',
      message: 'POST /api/v1/namespaces/team/secrets: 422 no "[secret]" says the fake',
      causes: [
        { field: 'data[nats.creds]', message: expect.stringMatching(/^\[secret\].*too long/) },
      ],
    })
    expect(inspect(refused, { depth: 9 })).not.toContain(held.slice(4, 24))
  })
})
