import { createHash } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunReport } from '../../crds/run-report.ts'
import { attemptsFolder, spoolPath } from '../../pod/storage-layout.ts'
import { makeLocalClaim } from './bed/local-claim.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { type BusBed, openBusBed } from './bus-bed.ts'
import { type CliGround, openCliGround, runKeyOf } from './cli-ground.ts'
import { type Kubelet, startKubelet } from './kubelet/kubelet.ts'

const bed = sharedBed()
const IMAGE = 'neco/reader:test'
const FIGURE = 'evaluations/figures/a.png'
const POOL = { 'neco.dev/cli': 'reader' }
const ROOT = join(import.meta.dirname, '..', '..')

let ground: CliGround
let kubelet: Kubelet
let storage: string
beforeAll(async () => {
  ground = await openCliGround(bed)
  const { namespace } = ground
  const restricted = 'pod-security.kubernetes.io/enforce=restricted'
  await bed.kubectl.ok(['label', 'namespace', namespace, restricted])
  storage = bed.path(`${namespace}-storage`)
  await makeLocalClaim(bed.kubectl, { namespace, name: 'studies', path: storage })
  const folder = bed.path(`${namespace}-kubelet`)
  kubelet = await startKubelet({
    api: { url: bed.url, caFile: bed.caFile, token: bed.token('kubelet') },
    images: { [IMAGE]: { root: ROOT } },
    log: () => undefined,
    folder,
    nodes: [{ name: 'cli-reader', gpus: 0, labels: POOL }],
  })
  await aFinishedStudy()
})
afterAll(async () => {
  await ground.close()
  await kubelet.close()
})

const lossAt = (point: number, step: number): number => 4 - step / (point + 2)

const reportsOf = (point: number): readonly RunReport[] =>
  [1, 2, 3, 4].map((step) => ({
    schemaVersion: 1,
    run: `study-${point}-r0`,
    attempt: 1,
    podUid: `pod-${point}`,
    sequence: step,
    kind: 'Step',
    step,
    totalSteps: 4,
    imagesSeen: step * 8,
    wallTime: '2026-01-01T00:00:00Z',
    monotonicMs: step,
    metrics: { loss: lossAt(point, step) },
  }))

async function onStorage(path: string, bytes: string | Uint8Array): Promise<void> {
  const full = join(storage, path)
  await mkdir(dirname(full), { recursive: true })
  await writeFile(full, bytes)
}

/** Where the pods of a run are, as the operator writes it down. */
async function writePlacement(name: string): Promise<void> {
  const placement = {
    schemaVersion: 1,
    images: { trainer: IMAGE, evaluator: IMAGE },
    imagePullSecrets: [],
    storage: { claim: 'studies' },
    resources: {},
    hasBus: false,
  }
  const data = `placement.json=${JSON.stringify(placement)}`
  await ground.kubectl('create', 'configmap', name, `--from-literal=${data}`)
}

/** A study whose storage holds reports and a figure, as its pods would have left them. */
async function aFinishedStudy(): Promise<void> {
  await ground.type('run', 'study.yaml', '--detach')
  const metrics = (point: number) => ({ inContextMiou: 40 + point })
  await ground.finish('study', {
    pod: { nodeSelector: POOL },
    status: (point) => ({
      evaluations: [
        { name: 'scenes', at: 1, key: 'k', metrics: metrics(point), figures: [FIGURE] },
      ],
    }),
  })
  for (const point of [0, 1]) {
    const lines = reportsOf(point).map((report) => `${JSON.stringify(report)}\n`)
    await onStorage(spoolPath(`${attemptsFolder(runKeyOf(point))}/1-pod-${point}`), lines.join(''))
    await writePlacement(`study-${point}-r0`)
  }
  const picture = { width: 900, height: 80, channels: 3, background: '#fff' } as const
  await onStorage(FIGURE, await sharp({ create: picture }).png().toBuffer())
}

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
    await rm(join(storage, FIGURE))
    const { exitCode, stderr } = await ground.type('plot', 'study', '--figure', 'none.png')
    expect([exitCode, stderr]).toEqual([2, 'study: no run that succeeded has pictures yet\n'])
    expect(await jobs()).toBe('')
  })
})

/** What the pod of a run says on the bus. */
async function report(bus: BusBed, point: number): Promise<void> {
  const { namespace } = ground
  const path = 'jsonpath={.metadata.uid}'
  const runUid = await ground.kubectl('get', 'necorun', `study-${point}-r0`, '-o', path)
  const pod = await bus.pod({ namespace, runUid, work: 'train', attempt: 1 }, `pod-${point}`)
  for (const line of reportsOf(point)) await pod.report(line)
}
