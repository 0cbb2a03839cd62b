import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { brokenManifest, REFUSED_BY_OPERATOR } from '../rules/broken-manifests.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type AcceptanceFixture, openAcceptanceFixture } from './acceptance-fixture.ts'

const testbed = sharedTestbed()
let fixture: AcceptanceFixture
beforeAll(async () => {
  fixture = await openAcceptanceFixture(testbed, { name: 'refused', gpusPerNode: 1 })
})
afterAll(() => fixture?.close())

describe('what the API server cannot validate is refused by the operator', () => {
  const cases = REFUSED_BY_OPERATOR.map((broken, index) => ({ ...broken, name: `broken-${index}` }))

  test.each(cases)('$mistake', async ({ name, ...broken }) => {
    const manifest = brokenManifest(broken)
    await fixture.apply({ ...manifest, metadata: { name } })
    const kind = broken.of === 'run.yaml' ? 'necorun' : 'necosweep'
    const message = await fixture.waitForRefusal(kind, name, 'NotAccepted')
    expect(message).toContain(broken.says)
    const event = await waitUntil({
      what: `event about ${name}`,
      withinMs: 60_000,
      look: async () => {
        const about = `--field-selector=involvedObject.name=${name}`
        const text = await fixture.kubectl(
          'get',
          'events',
          about,
          '-o',
          'jsonpath={.items[*].message}',
        )
        return text === '' ? undefined : text
      },
    })
    expect(event).toContain(broken.says)
    const applied = kind === 'necorun' ? [`necorun.neco.dev/${name}`] : []
    expect(await fixture.listChildren(name)).toEqual(applied)
  })

  test('by the audit log it has created nothing but Events for them', async () => {
    const lines = (await readFile(testbed.auditLog, 'utf8'))
      .split('\n')
      .filter((line) => line !== '')
    const made = lines
      .map((line) => JSON.parse(line))
      .filter(({ user, verb, objectRef }) => {
        const isOurs = user.username === fixture.operatorUser && verb === 'create'
        return isOurs && objectRef?.namespace === fixture.namespace
      })
      .map(({ objectRef }) => objectRef.resource)
    expect(made.filter((resource) => resource !== 'events')).toEqual([])
    expect(made).toContain('events')
  })
})
