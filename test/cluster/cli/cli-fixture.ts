import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { API_GROUP_VERSION, LABELS, RUN_KIND, SWEEP_KIND } from '../../../crds/names.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { type NecoProcessResult, runNeco } from './run-neco-process.ts'

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

/** A folder with study.yaml, and a namespace where the test plays the operator. */
export interface CliFixture {
  readonly namespace: string
  readonly folder: string
  /** `neco …` in the folder, on this namespace, as admin. */
  readonly neco: (...args: readonly string[]) => Promise<NecoProcessResult>
  /** The flags that select the namespace. */
  readonly namespaceFlags: readonly string[]
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  readonly makeRun: (sweep: string, point: number, pod?: object) => Promise<string>
  readonly writeStatus: (plural: string, name: string, status: object) => Promise<void>
  /** Creates both runs of a sweep, and completes them and the sweep. */
  readonly finishSweep: (sweep: string, more?: FinishedRun) => Promise<void>
  readonly rejectSweep: (sweep: string) => Promise<void>
  readonly close: () => Promise<void>
}

interface FinishedRun {
  readonly pod?: object
  readonly status?: (point: number) => object
}

export const buildTestRunKey = (point: number): string => `${point}`.repeat(64)

const buildRunManifest = (sweep: string, uid: string, point: number) => ({
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

export async function openCliFixture(testbed: SharedTestbed): Promise<CliFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'neco-cli-'))
  const namespace = await testbed.newNamespace('cli')
  await writeFile(join(folder, 'study.yaml'), MANIFEST)
  const namespaceFlags = ['--kubeconfig', testbed.kubeconfig('admin'), '--namespace', namespace]
  const kubectl = (...args: readonly string[]) => testbed.kubectl.ok([...args, '-n', namespace])

  const writeStatus = async (plural: string, name: string, status: object): Promise<void> => {
    const path = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/${plural}/${name}/status`
    const contentType = 'application/merge-patch+json'
    const answer = await testbed.api({ method: 'PATCH', path, body: { status }, contentType })
    if (answer.status !== 200) throw new Error(answer.text)
  }
  const makeRun = async (sweep: string, point: number, pod?: object): Promise<string> => {
    const uid = await kubectl('get', 'necosweep', sweep, '-o', 'jsonpath={.metadata.uid}')
    const run = buildRunManifest(sweep, uid, point)
    const spec = {
      data: { kind: 'Scenes', count: 16 },
      optimizer: { steps: 4, batchSize: 8 },
      ...omitUndefined({ pod }),
    }
    const input = JSON.stringify({ ...run, spec })
    await testbed.kubectl.ok(['apply', '-n', namespace, '-f', '-'], { input })
    return run.metadata.name
  }
  const finish = async (sweep: string, { pod, status }: FinishedRun = {}): Promise<void> => {
    for (const point of [0, 1]) {
      await writeStatus('necoruns', await makeRun(sweep, point, pod), {
        conditions: ENDED,
        metrics: { loss: 3 + point, imagesPerSecond: 26 },
        runKey: buildTestRunKey(point),
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
    namespaceFlags,
    kubectl,
    neco: (...args) => runNeco([...args, ...namespaceFlags], { cwd: folder }),
    makeRun,
    writeStatus,
    finishSweep: finish,
    rejectSweep: (sweep) =>
      writeStatus('necosweeps', sweep, {
        observedGeneration: 1,
        conditions: [condition('Accepted', 'StorageNotConfigured', 'False')],
      }),
    close: async () => {
      await testbed.kubectl.run(['delete', 'namespace', namespace, '--wait=false'])
      await rm(folder, { recursive: true })
    },
  }
}
