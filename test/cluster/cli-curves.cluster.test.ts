import { createHash } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TRAINING } from '../../contract/task-address.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { type BusBed, openBusBed } from './bus-bed.ts'
import {
  type CurvesGround,
  FIGURE,
  openCurvesGround,
  reportsOf,
  writePlacement,
} from './curves-ground.ts'
import { neco } from './neco-process.ts'

const bed = sharedBed()
let ground: CurvesGround
beforeAll(async () => {
  ground = await openCurvesGround(bed)
})
afterAll(() => ground?.close())

const digest = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(join(ground.folder, file)))
    .digest('hex')

const jobs = () => ground.kubectl('get', 'jobs', '-o', 'name')

describe('neco plot on a cluster', () => {
  test('draws curves and pictures that a short Job reads from the storage', async () => {
    const words = ['plot', 'study', '--file', 'job.svg', '--figure', 'best.png']
    const { exitCode, stdout, stderr } = await ground.type(...words)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(stdout).toBe(`${join(ground.folder, 'job.svg')}\n${join(ground.folder, 'best.png')}\n`)
    const svg = await readFile(join(ground.folder, 'job.svg'), 'utf8')
    expect(svg).toContain('NeCo loss')
    expect(svg).toContain('studentSteepness 100')
    const { width, height = 0 } = await sharp(join(ground.folder, 'best.png')).metadata()
    expect([width, height > 80]).toEqual([900, true])
    expect(await jobs()).toBe('')
  })

  test('draws the same curves from JetStream where that can be reached', async () => {
    const bus: BusBed = await openBusBed()
    try {
      await ground.type('plot', 'study', '--file', 'job.svg')
      const { url, caFile, operatorCredsFile, strangerCredsFile } = bus.nats
      const flags = ['--nats-url', url, '--nats-ca', caFile, '--nats-creds']
      const draw = () =>
        ground.type('plot', 'study', '--file', 'bus.svg', ...flags, operatorCredsFile)
      expect(await draw()).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await digest('bus.svg'), 'nothing is reported yet').not.toBe(await digest('job.svg'))
      for (const point of [0, 1]) await report(bus, point)
      expect(await draw()).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await digest('bus.svg')).toBe(await digest('job.svg'))
      const refused = await ground.type('plot', 'study', ...flags, strangerCredsFile)
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
      expect(refused.stderr).toMatch(/^NATS at tls.*without --nats-url a Job in the cluster reads/)
    } finally {
      await bus.close()
    }
  })

  test('says that pictures are gone from the storage', async () => {
    await rm(join(ground.storage, FIGURE))
    const { exitCode, stderr } = await ground.type('plot', 'study', '--figure', 'none.png')
    expect([exitCode, stderr]).toEqual([2, 'study: no run that succeeded has pictures yet\n'])
    expect(await jobs()).toBe('')
  })

  test('leaves no Job behind at Ctrl-C', async () => {
    // An image that is nowhere: the reader is pending for as long as somebody waits for it.
    await ground.kubectl('delete', 'configmap', 'study-0-r0', 'study-1-r0')
    await writePlacement(ground, 'study-0-r0', 'neco/none:test')
    const reader = waitUntil({
      what: 'the Job of the reader',
      withinMs: 60_000,
      everyMs: 100,
      look: async () => (await jobs()) || undefined,
    })
    const answer = await neco(['plot', 'study', ...ground.here], {
      cwd: ground.folder,
      interruptAfter: reader,
    })
    expect(answer).toMatchObject({ exitCode: 130, stdout: '' })
    const name = (await reader).trim().replace('job.batch/', '')
    expect(answer.stderr).toBe(`interrupted; Job ${ground.namespace}/${name} is deleted\n`)
    expect(await jobs()).toBe('')
  })
})

/** What the pod of a run says on the bus. */
async function report(bus: BusBed, point: number): Promise<void> {
  const { namespace } = ground
  const path = 'jsonpath={.metadata.uid}'
  const runUid = await ground.kubectl('get', 'necorun', `study-${point}-r0`, '-o', path)
  const pod = await bus.pod({ namespace, runUid, task: TRAINING, attempt: 1 }, `pod-${point}`)
  for (const line of reportsOf(point)) await pod.report(line)
}
