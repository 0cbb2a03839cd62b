import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import sharp from 'sharp'
import type { RunReport } from '../../contract/run-report.ts'
import { attemptsFolder, spoolPath } from '../../pod/storage-layout.ts'
import { makeLocalClaim } from './bed/local-claim.ts'
import type { SharedBed } from './bed/shared-bed.ts'
import { type CliGround, openCliGround, runKeyOf } from './cli-ground.ts'
import { startKubelet } from './kubelet/kubelet.ts'

const IMAGE = 'neco/reader:test'
const ROOT = join(import.meta.dirname, '..', '..')
/** Of the best run, under the storage. */
export const FIGURE = 'evaluations/figures/a.png'

/** A finished study whose storage holds reports and a figure, as its pods would have left them, and a node for who reads them. */
export interface CurvesGround extends CliGround {
  /** The folder behind the claim. */
  readonly storage: string
}

const lossAt = (point: number, step: number): number => 4 - step / (point + 2)

/** What the pod of a point reported. */
export const reportsOf = (point: number): readonly RunReport[] =>
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

/** Where the pods of a run are, as the operator writes it down. */
export async function writePlacement(
  { kubectl }: CliGround,
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

async function finishStudy(ground: CurvesGround, nodeSelector: object): Promise<void> {
  const { storage } = ground
  await ground.type('run', 'study.yaml', '--detach')
  const metrics = (point: number) => ({ inContextMiou: 40 + point })
  await ground.finish('study', {
    pod: { nodeSelector },
    status: (point) => ({
      evaluations: [
        { name: 'scenes', at: 1, key: 'k', metrics: metrics(point), figures: [FIGURE] },
      ],
    }),
  })
  for (const point of [0, 1]) {
    const lines = reportsOf(point).map((report) => `${JSON.stringify(report)}\n`)
    const spool = spoolPath(`${attemptsFolder(runKeyOf(point))}/1-pod-${point}`)
    await write(join(storage, spool), lines.join(''))
    await writePlacement(ground, `study-${point}-r0`)
  }
  const picture = { width: 900, height: 80, channels: 3, background: '#fff' } as const
  await write(join(storage, FIGURE), await sharp({ create: picture }).png().toBuffer())
}

/** Opens the ground on the shared bed; whoever opens it closes it. */
export async function openCurvesGround(bed: SharedBed): Promise<CurvesGround> {
  const ground = await openCliGround(bed)
  const { namespace } = ground
  const restricted = 'pod-security.kubernetes.io/enforce=restricted'
  await bed.kubectl.ok(['label', 'namespace', namespace, restricted])
  const storage = bed.path(`${namespace}-storage`)
  await makeLocalClaim(bed.kubectl, { namespace, name: 'studies', path: storage })
  const pool = { 'neco.dev/cli': namespace }
  const kubelet = await startKubelet({
    api: { url: bed.url, caFile: bed.caFile, token: bed.token('kubelet') },
    images: { [IMAGE]: { root: ROOT } },
    log: () => undefined,
    folder: bed.path(`${namespace}-kubelet`),
    nodes: [{ name: `${namespace}-reader`, gpus: 0, labels: pool }],
  })
  const close = async (): Promise<void> => {
    await ground.close()
    await kubelet.close()
  }
  const opened = { ...ground, storage, close }
  await finishStudy(opened, pool)
  return opened
}
