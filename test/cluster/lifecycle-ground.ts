import { API_GROUP_VERSION } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { findCondition } from '../../operator/core/conditions.ts'
import type { SharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { heldPods } from './held-pods.ts'
import type { ContainerEnd } from './kubelet/executor.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

/** Last words of a pod, as programs leave them. */
export const lastWords = (reason: string, step = 4): string =>
  JSON.stringify({
    schemaVersion: 1,
    reason,
    message: reason,
    reused: false,
    step,
    metrics: { loss: 3.5 },
    evaluations: [],
  })

export const SUCCESS: ContainerEnd = { exitCode: 0, terminationMessage: lastWords('Succeeded') }
const INTERRUPTED: ContainerEnd = { exitCode: 5, terminationMessage: lastWords('Interrupted') }

type RunSpec = NeCoRun['spec']

/** The template of a study whose pods are never run: a training alone. */
export const SCENES: RunSpec = { data: { kind: 'Scenes', count: 8 } }

export const aRun = (name: string, spec: Partial<RunSpec> = {}) => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoRun',
  metadata: { name },
  spec: { ...SCENES, ...spec },
})

/** A sweep of as many points, all live at once unless it says otherwise. */
export const aSweep = (name: string, points: number, spec: Partial<NeCoSweep['spec']> = {}) => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoSweep',
  metadata: { name },
  spec: {
    run: SCENES,
    axes: [
      {
        parameter: 'loss.studentSteepness',
        values: Array.from({ length: points }, (_, point) => 10 + point),
      },
    ],
    parallelism: points,
    ...spec,
  },
})

/** Whether a run or a sweep has the condition Complete. */
export const isComplete = ({ status }: NeCoRun | NeCoSweep): boolean =>
  findCondition(status?.conditions, 'Complete')?.status === 'True'

/** The whole system, with pods that run until a test ends them. */
export interface LifecycleGround extends StudyGround {
  readonly kubectl: (...words: readonly string[]) => Promise<string>
  readonly run: (name: string) => Promise<NeCoRun>
  /** Ends the container of the pod of a Job, as soon as it runs. */
  readonly endPod: (job: string, how: ContainerEnd) => Promise<void>
  /** The name of the pod of a Job, once it is there. */
  readonly podOf: (job: string) => Promise<string>
  /** The name of the pod of a Job, once its container runs. */
  readonly runningPod: (job: string) => Promise<string>
  /** The run, once it is as wanted; throws with how it is when that takes too long. */
  readonly onceRun: (name: string, holds: (run: NeCoRun) => boolean) => Promise<NeCoRun>
  readonly onceSweep: (name: string, holds: (sweep: NeCoSweep) => boolean) => Promise<NeCoSweep>
  /** Writes the status of a pod as its kubelet would. */
  readonly patchPod: (pod: string, status: object) => Promise<void>
}

type Wanted<T> = (object: T) => boolean

const WITHIN_MS = 120_000

async function once<T extends NeCoRun | NeCoSweep>(
  read: () => Promise<T>,
  { what, holds }: { readonly what: string; readonly holds: Wanted<T> },
): Promise<T> {
  let last: T | undefined
  try {
    return await waitUntil({
      what,
      withinMs: WITHIN_MS,
      everyMs: 200,
      look: async () => {
        last = await read()
        return holds(last) ? last : undefined
      },
    })
  } catch (cause) {
    throw new Error(`${what} did not become as wanted: ${JSON.stringify(last?.status)}`, { cause })
  }
}

interface Options {
  readonly name: string
  readonly nodes?: number
  readonly gpusPerNode?: number
  readonly values?: object
}

/** Opens it on the shared bed, without NATS; whoever opens it closes it. */
export async function openLifecycleGround(
  bed: SharedBed,
  options: Options,
): Promise<LifecycleGround> {
  const { executor, end } = heldPods(INTERRUPTED)
  const study = await openStudyGround(bed, { gpusPerNode: 50, ...options, executor, bus: false })
  const { namespace } = study
  const kubectl = (...words: readonly string[]) => bed.kubectl.ok([...words, '-n', namespace])
  const run = async (name: string): Promise<NeCoRun> =>
    JSON.parse(await kubectl('get', 'necorun', name, '-o', 'json'))
  const podOf = (job: string, path: string): Promise<string> =>
    waitUntil({
      what: `the pod of ${job}`,
      withinMs: WITHIN_MS,
      everyMs: 200,
      look: async () => {
        const selector = `batch.kubernetes.io/job-name=${job}`
        const found = await kubectl('get', 'pods', '-l', selector, `-o=jsonpath=${path}`)
        return found === '' ? undefined : found
      },
    })
  return {
    ...study,
    kubectl,
    run,
    endPod: (job, how) => end(`${namespace}/${job}`, how),
    podOf: (job) => podOf(job, '{.items[0].metadata.name}'),
    runningPod: (job) => podOf(job, '{.items[?(@.status.phase=="Running")].metadata.name}'),
    onceRun: (name, holds) => once(() => run(name), { what: `run ${name}`, holds }),
    onceSweep: (name, holds) => once(() => study.sweep(name), { what: `sweep ${name}`, holds }),
    patchPod: async (pod, status) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/status`
      const contentType = 'application/strategic-merge-patch+json'
      const answer = await bed.api(
        { method: 'PATCH', path, contentType, body: { status } },
        'kubelet',
      )
      if (answer.status !== 200) throw new Error(answer.text)
    },
  }
}
