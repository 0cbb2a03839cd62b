import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Condition } from '../../../crds/condition.ts'
import { findCondition } from '../../../operator/core/conditions.ts'
import { scriptedExecutor } from '../kubelet/scripted-executor.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { instantSweep } from '../sweeps/instant-sweep.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const testbed = sharedTestbed()
/** Pods run until they are stopped. */
const held = scriptedExecutor({ clock: systemClock, script: () => ({ exitCode: 0 }) })
const NAME = 'deaf'

/** Waits for the condition BusDegraded of the sweep to have a status. */
const busDegraded = (fixture: StudyFixture, status: 'True' | 'False'): Promise<Condition> =>
  waitUntil({
    what: `BusDegraded to be ${status}`,
    withinMs: 180_000,
    look: async () => {
      const found = findCondition((await fixture.sweep(NAME)).status?.conditions, 'BusDegraded')
      return found?.status === status ? found : undefined
    },
  })

/** A study on a testbed with a faulty NATS: it must run all the same. */
async function openStudyWithNatsFault(
  natsFault: 'NoJetStream' | 'StrangerCredentials',
): Promise<StudyFixture> {
  const fixture = await openStudyFixture(testbed, {
    name: NAME,
    executor: held,
    bus: true,
    natsFault,
  })
  await fixture.apply(instantSweep({ name: NAME, points: 1, replicates: 1, parallelism: 1 }))
  await waitUntil({
    what: 'a run that runs',
    withinMs: 180_000,
    look: async () => {
      const [run] = await fixture.runs()
      return findCondition(run?.status?.conditions, 'Ready')?.reason === 'Running' || undefined
    },
  })
  return fixture
}

const CONSEQUENCE = 'pods continue, and their reports arrive later'

describe('a study runs without NATS, names the fault, and receives reports once it is repaired', () => {
  test('where the server has no JetStream', async () => {
    const fixture = await openStudyWithNatsFault('NoJetStream')
    try {
      const { reason, message } = await busDegraded(fixture, 'True')
      expect(reason).toBe('BusWithoutJetStream')
      expect(message).toMatch(new RegExp(`^NATS at ${fixture.nats.url}: `))
      expect(message).toContain(
        `; switch JetStream on in the server and give the account limits for it; ${CONSEQUENCE}`,
      )
      await fixture.nats.stop()
      await fixture.nats.start('On')
      expect(await busDegraded(fixture, 'False')).toMatchObject({ reason: 'Connected' })
    } finally {
      await fixture.close()
    }
  })

  test('where the operator has credentials that the server refuses', async () => {
    const fixture = await openStudyWithNatsFault('StrangerCredentials')
    try {
      const { reason, message } = await busDegraded(fixture, 'True')
      expect(reason).toBe('BusUnauthorized')
      expect(message).toMatch(new RegExp(`^NATS at ${fixture.nats.url}: `))
      expect(message).toContain('; see that the credentials file of the operator belongs to')
      const text = await readFile(fixture.nats.operatorCredsFile)
      const body = { data: { 'user.creds': text.toString('base64') } }
      const path = `/api/v1/namespaces/${fixture.system}/secrets/neco-nats`
      const contentType = 'application/merge-patch+json'
      expect((await testbed.api({ method: 'PATCH', path, body, contentType })).status).toBe(200)
      // A kubelet updates the mounted file only after a minute; new pods have it at once.
      await testbed.kubectl.ok(['delete', 'pods', '--all', '-n', fixture.system, '--wait=false'])
      expect(await busDegraded(fixture, 'False')).toMatchObject({ reason: 'Connected' })
    } finally {
      await fixture.close()
    }
  })
})
