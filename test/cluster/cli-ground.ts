import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { API_GROUP_VERSION, LABELS, RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { SharedBed } from './bed/shared-bed.ts'
import { type NecoAnswer, neco } from './neco-process.ts'

const MANIFEST = `
apiVersion: neco.dev/v1alpha1
kind: NeCoSweep
metadata: { name: study }
spec:
  parallelism: 2
  axes:
    - { parameter: loss.studentSteepness, values: [10, 100] }
  run:
    data: { kind: Scenes, count: 16 }
    model: { architecture: Tiny }
    optimizer: { steps: 4, batchSize: 8 }
`

const condition = (type: string, reason: string, status = 'True') => ({
  type,
  status,
  reason,
  message: 'written by the test',
  lastTransitionTime: '2026-01-01T00:00:00Z',
})
const ENDED = [condition('Ready', 'Succeeded'), condition('Complete', 'Succeeded')]

/** A folder with study.yaml, a namespace, and whoever plays the operator there. */
export interface CliGround {
  readonly namespace: string
  readonly folder: string
  /** `neco …` in the folder, on this namespace, as admin. */
  readonly type: (...words: readonly string[]) => Promise<NecoAnswer>
  /** The flags that mean the namespace. */
  readonly here: readonly string[]
  readonly kubectl: (...words: readonly string[]) => Promise<string>
  readonly makeRun: (sweep: string, point: number, pod?: object) => Promise<string>
  readonly writeStatus: (plural: string, name: string, status: object) => Promise<void>
  /** Makes both runs of a sweep and ends them, and then the sweep. */
  readonly finish: (sweep: string, more?: FinishedRun) => Promise<void>
  readonly notAccepted: (sweep: string) => Promise<void>
  readonly close: () => Promise<void>
}

interface FinishedRun {
  readonly pod?: object
  readonly status?: (point: number) => object
}

export const runKeyOf = (point: number): string => `${point}`.repeat(64)

const runOf = (sweep: string, uid: string, point: number) => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  metadata: {
    name: `${sweep}-${point}-r0`,
    labels: {
      [LABELS.sweep]: sweep,
      [LABELS.point]: String(point),
      [LABELS.replicate]: '0',
    },
    ownerReferences: [{ apiVersion: API_GROUP_VERSION, kind: SWEEP_KIND, name: sweep, uid }],
  },
})

export async function openCliGround(bed: SharedBed): Promise<CliGround> {
  const folder = await mkdtemp(join(tmpdir(), 'neco-cli-'))
  const namespace = await bed.newNamespace('cli')
  await writeFile(join(folder, 'study.yaml'), MANIFEST)
  const here = ['--kubeconfig', bed.kubeconfig('admin'), '--namespace', namespace]
  const kubectl = (...words: readonly string[]) => bed.kubectl.ok([...words, '-n', namespace])

  const writeStatus = async (plural: string, name: string, status: object): Promise<void> => {
    const path = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/${plural}/${name}/status`
    const contentType = 'application/merge-patch+json'
    const answer = await bed.api({ method: 'PATCH', path, body: { status }, contentType })
    if (answer.status !== 200) throw new Error(answer.text)
  }
  const makeRun = async (sweep: string, point: number, pod?: object): Promise<string> => {
    const uid = await kubectl('get', 'necosweep', sweep, '-o', 'jsonpath={.metadata.uid}')
    const run = runOf(sweep, uid, point)
    const spec = {
      data: { kind: 'Scenes', count: 16 },
      optimizer: { steps: 4, batchSize: 8 },
      ...omitUndefined({ pod }),
    }
    const input = JSON.stringify({ ...run, spec })
    await bed.kubectl.ok(['apply', '-n', namespace, '-f', '-'], { input })
    return run.metadata.name
  }
  const finish = async (sweep: string, { pod, status }: FinishedRun = {}): Promise<void> => {
    for (const point of [0, 1]) {
      await writeStatus('necoruns', await makeRun(sweep, point, pod), {
        conditions: ENDED,
        metrics: { loss: 3 + point, imagesPerSecond: 26 },
        runKey: runKeyOf(point),
        backend: 'of the test',
        tasks: [{ kind: 'Training', name: 'training', attempt: 1, state: 'Succeeded' }],
        ...status?.(point),
      })
    }
    const counts = { points: 2, total: 2, pending: 0, running: 0, succeeded: 2, failed: 0 }
    const ended = { observedGeneration: 1, conditions: ENDED, ...counts }
    await writeStatus('necosweeps', sweep, ended)
  }
  return {
    namespace,
    folder,
    here,
    kubectl,
    type: (...words) => neco([...words, ...here], { cwd: folder }),
    makeRun,
    writeStatus,
    finish,
    notAccepted: (sweep) =>
      writeStatus('necosweeps', sweep, {
        observedGeneration: 1,
        conditions: [condition('Accepted', 'StorageNotConfigured', 'False')],
      }),
    close: async () => {
      await bed.kubectl.run(['delete', 'namespace', namespace, '--wait=false'])
      await rm(folder, { recursive: true })
    },
  }
}
