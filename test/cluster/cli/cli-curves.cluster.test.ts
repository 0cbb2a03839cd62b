import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TRAINING } from '../../../contract/task-address.ts'
import { type BusTestbed, openBusTestbed } from '../bus/bus-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import {
  buildPointReports,
  type CurvesFixture,
  FIGURE,
  openCurvesFixture,
  writePlacement,
} from './curves-fixture.ts'
import { runNeco } from './run-neco-process.ts'

const testbed = sharedTestbed()
let fixture: CurvesFixture
beforeAll(async () => {
  fixture = await openCurvesFixture(testbed)
})
afterAll(() => fixture?.close())

const digest = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(join(fixture.folder, file)))
    .digest('hex')

const jobs = () => fixture.kubectl('get', 'jobs', '-o', 'name')

describe('neco plot on a cluster', () => {
  test('draws curves and the figure, which a short Job reads from the storage', async () => {
    const args = ['plot', 'study', '--file', 'job.svg', '--figure', 'best.png']
    const { exitCode, stdout, stderr } = await fixture.neco(...args)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`${join(fixture.folder, 'job.svg')}\n${join(fixture.folder, 'best.png')}\n`)
    const svg = await readFile(join(fixture.folder, 'job.svg'), 'utf8')
    expect(svg).toContain('NeCo loss')
    expect(svg).toContain('studentSteepness 100')
    const { width, height = 0 } = await sharp(join(fixture.folder, 'best.png')).metadata()
    expect([width, height > 80]).toEqual([900, true])
    expect(await jobs()).toBe('')
  })

  test('draws the same curves from JetStream where it is reachable', async () => {
    const bus: BusTestbed = await openBusTestbed()
    try {
      await fixture.neco('plot', 'study', '--file', 'job.svg')
      const { url, caFile, operatorCredsFile, untrustedCredsFile: strangerCredsFile } = bus.nats
      const flags = ['--nats-url', url, '--nats-ca', caFile, '--nats-creds']
      const draw = () =>
        fixture.neco('plot', 'study', '--file', 'bus.svg', ...flags, operatorCredsFile)
      expect(await draw()).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await digest('bus.svg'), 'nothing is reported yet').not.toBe(await digest('job.svg'))
      for (const point of [0, 1]) await report(bus, point)
      expect(await draw()).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await digest('bus.svg')).toBe(await digest('job.svg'))
      const refused = await fixture.neco('plot', 'study', ...flags, strangerCredsFile)
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
      expect(refused.stderr).toMatch(/^NATS at tls.*without --nats-url a Job in the cluster reads/)
    } finally {
      await bus.close()
    }
  })

  test('fails where the figure is missing on the storage', async () => {
    await rm(join(fixture.storage, FIGURE))
    const { exitCode, stderr } = await fixture.neco('plot', 'study', '--figure', 'none.png')
    expect([exitCode, stderr]).toEqual([2, 'study: no run that succeeded has a figure yet\n'])
    expect(await jobs()).toBe('')
  })

  test('leaves no Job behind at Ctrl-C', async () => {
    // An image that does not exist: the reader stays pending.
    await fixture.kubectl('delete', 'configmap', 'study-0-r0', 'study-1-r0')
    await writePlacement(fixture, 'study-0-r0', 'neco/none:test')
    const reader = waitUntil({
      what: 'the Job of the reader',
      withinMs: 60_000,
      everyMs: 100,
      look: async () => (await jobs()) || undefined,
    })
    const answer = await runNeco(['plot', 'study', ...fixture.namespaceFlags], {
      cwd: fixture.folder,
      interruptAfter: reader,
    })
    expect(answer).toMatchObject({ exitCode: 130, stdout: '' })
    const name = (await reader).trim().replace('job.batch/', '')
    expect(answer.stderr).toBe(`interrupted; Job ${fixture.namespace}/${name} is deleted\n`)
    expect(await jobs()).toBe('')
  })
})

/** Reports of the pod of a run on the bus. */
async function report(bus: BusTestbed, point: number): Promise<void> {
  const { namespace } = fixture
  const path = 'jsonpath={.metadata.uid}'
  const runUid = await fixture.kubectl('get', 'necorun', `study-${point}-r0`, '-o', path)
  const pod = await bus.pod({ namespace, runUid, task: TRAINING, attempt: 1 }, `pod-${point}`)
  for (const line of buildPointReports(point)) await pod.report(line)
}
