import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import type { RunReport } from '../../../contract/run-report.ts'
import { attemptsFolder, spoolSegmentPath } from '../../../pod/storage-layout.ts'
import { startKubelet } from '../kubelet/kubelet.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { buildTestRunKey, type CliFixture, openCliFixture } from './cli-fixture.ts'

const IMAGE = 'neco/reader:test'
const ROOT = join(import.meta.dirname, '..', '..', '..')
/** Figure of the best run, under the storage. */
export const FIGURE = 'evaluations/figures/a.png'

/**
 * A finished study whose storage has reports and a figure, as its pods would leave them, and a node
 * for reader Jobs.
 */
export interface CurvesFixture extends CliFixture {
  /** The folder of the volume. */
  readonly storage: string
}

const computeTestLoss = (point: number, step: number): number => 4 - step / (point + 2)

/** What the pod of a point reported. */
export const buildPointReports = (point: number): readonly RunReport[] =>
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
    metrics: { loss: computeTestLoss(point, step) },
  }))

/** The placement of a run's pods, in the ConfigMap that the operator writes. */
export async function writePlacement(
  { kubectl }: CliFixture,
  name: string,
  image = IMAGE,
): Promise<void> {
  const placement = {
    schemaVersion: 1,
    images: { trainer: image, evaluator: image },
    imagePullSecrets: [],
    storage: { claim: 'studies' },
    resources: {},
    hasBus: false,
  }
  const data = `placement.json=${JSON.stringify(placement)}`
  await kubectl('create', 'configmap', name, `--from-literal=${data}`)
}

async function write(path: string, bytes: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
}

async function finishStudy(fixture: CurvesFixture, nodeSelector: object): Promise<void> {
  const { storage } = fixture
  await fixture.neco('run', 'study.yaml', '--detach')
  const metrics = (point: number) => ({ inContextMiou: 40 + point })
  await fixture.finishSweep('study', {
    pod: { nodeSelector },
    status: (point) => ({
      evaluations: [
        { name: 'scenes', at: 1, key: 'k', metrics: metrics(point), figures: [FIGURE] },
      ],
    }),
  })
  for (const point of [0, 1]) {
    const lines = buildPointReports(point).map((report) => `${JSON.stringify(report)}\n`)
    const spool = spoolSegmentPath(`${attemptsFolder(buildTestRunKey(point))}/1-pod-${point}`, 1)
    await write(join(storage, spool), lines.join(''))
    await writePlacement(fixture, `study-${point}-r0`)
  }
  const figureImage = { width: 900, height: 80, channels: 3, background: '#fff' } as const
  await write(join(storage, FIGURE), await sharp({ create: figureImage }).png().toBuffer())
}

/** Opens it on the shared testbed; the caller closes it. */
export async function openCurvesFixture(testbed: SharedTestbed): Promise<CurvesFixture> {
  const fixture = await openCliFixture(testbed)
  const { namespace } = fixture
  const restricted = 'pod-security.kubernetes.io/enforce=restricted'
  await testbed.kubectl.ok(['label', 'namespace', namespace, restricted])
  const storage = testbed.path(`${namespace}-storage`)
  await makeLocalClaim(testbed.kubectl, { namespace, name: 'studies', path: storage })
  const pool = { 'neco.dev/cli': namespace }
  const kubelet = await startKubelet({
    api: { url: testbed.url, caFile: testbed.caFile, token: testbed.token('kubelet') },
    images: { [IMAGE]: { root: ROOT } },
    log: () => undefined,
    folder: testbed.path(`${namespace}-kubelet`),
    nodes: [{ name: `${namespace}-reader`, gpus: 0, labels: pool }],
  })
  const close = async (): Promise<void> => {
    await fixture.close()
    await kubelet.close()
  }
  const opened = { ...fixture, storage, close }
  await finishStudy(opened, pool)
  return opened
}
