import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Condition } from '../../crds/condition.ts'
import { findCondition } from '../../operator/core/conditions.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { instantSweep } from './instant-sweep.ts'
import { scriptedExecutor } from './kubelet/scripted-executor.ts'
import { systemClock } from './kubelet/system-clock.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

const bed = sharedBed()
/** Pods run until they are stopped. */
const held = scriptedExecutor({ clock: systemClock, script: () => ({ exitCode: 0 }) })
const NAME = 'deaf'

/** Waits for the condition BusDegraded of the sweep to have a status. */
const busDegraded = (ground: StudyGround, status: 'True' | 'False'): Promise<Condition> =>
  waitUntil({
    what: `BusDegraded to be ${status}`,
    withinMs: 180_000,
    look: async () => {
      const found = findCondition((await ground.sweep(NAME)).status?.conditions, 'BusDegraded')
      return found?.status === status ? found : undefined
    },
  })

/** A study on a ground where something is wrong with NATS: it must run all the same. */
async function studyWith(natsFault: 'NoJetStream' | 'StrangerCredentials'): Promise<StudyGround> {
  const ground = await openStudyGround(bed, { name: NAME, executor: held, bus: true, natsFault })
  await ground.apply(instantSweep({ name: NAME, points: 1, replicates: 1, parallelism: 1 }))
  await waitUntil({
    what: 'a run that runs',
    withinMs: 180_000,
    look: async () => {
      const [run] = await ground.runs()
      return findCondition(run?.status?.conditions, 'Ready')?.reason === 'Running' || undefined
    },
  })
  return ground
}

const CONSEQUENCE = 'pods go on, and what they say arrives later'

describe('a study runs, says what is wrong with NATS, and hears its pods once that is mended', () => {
  test('where the server has no JetStream', async () => {
    const ground = await studyWith('NoJetStream')
    try {
      const { reason, message } = await busDegraded(ground, 'True')
      expect(reason).toBe('BusWithoutJetStream')
      expect(message).toMatch(new RegExp(`^NATS at ${ground.nats.url}: `))
      expect(message).toContain(
        `; switch JetStream on in the server and give the account limits for it; ${CONSEQUENCE}`,
      )
      await ground.nats.stop()
      await ground.nats.start('On')
      expect(await busDegraded(ground, 'False')).toMatchObject({ reason: 'Connected' })
    } finally {
      await ground.close()
    }
  })

  test('where the operator has credentials that the server refuses', async () => {
    const ground = await studyWith('StrangerCredentials')
    try {
      const { reason, message } = await busDegraded(ground, 'True')
      expect(reason).toBe('BusUnauthorized')
      expect(message).toMatch(new RegExp(`^NATS at ${ground.nats.url}: `))
      expect(message).toContain('; see that the credentials file of the operator belongs to')
      const text = await readFile(ground.nats.operatorCredsFile)
      const body = { data: { 'user.creds': text.toString('base64') } }
      const path = `/api/v1/namespaces/${ground.system}/secrets/neco-nats`
      const contentType = 'application/merge-patch+json'
      expect((await bed.api({ method: 'PATCH', path, body, contentType })).status).toBe(200)
      // A kubelet brings the new file by itself after a minute; new pods have it at once.
      await bed.kubectl.ok(['delete', 'pods', '--all', '-n', ground.system, '--wait=false'])
      expect(await busDegraded(ground, 'False')).toMatchObject({ reason: 'Connected' })
    } finally {
      await ground.close()
    }
  })
})
