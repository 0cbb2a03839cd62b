import { API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { findCondition } from '../../../operator/core/conditions.ts'
import type { ContainerEnd } from '../kubelet/executor.ts'
import { createHeldPods } from '../kubelet/held-pods.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'

/** The termination message of a pod, as programs write it. */
export const formatTerminationMessage = (reason: string, step = 4): string =>
  JSON.stringify({
    schemaVersion: 1,
    reason,
    message: reason,
    reused: false,
    step,
    metrics: { loss: 3.5 },
    evaluations: [],
  })

export const SUCCESS: ContainerEnd = {
  exitCode: 0,
  terminationMessage: formatTerminationMessage('Succeeded'),
}
const INTERRUPTED: ContainerEnd = {
  exitCode: 5,
  terminationMessage: formatTerminationMessage('Interrupted'),
}

type RunSpec = NeCoRun['spec']

/** The template of a study of trainings only, whose pods are not processes. */
export const SCENES: RunSpec = { data: { kind: 'Scenes', count: 8 } }

export const buildLifecycleRun = (name: string, spec: Partial<RunSpec> = {}) => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoRun',
  metadata: { name },
  spec: { ...SCENES, ...spec },
})

/** A sweep of so many points, all live at once by default. */
export const buildLifecycleSweep = (
  name: string,
  points: number,
  spec: Partial<NeCoSweep['spec']> = {},
) => ({
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

/** The reason of the condition Ready of a run or a sweep. */
export const readReadyReason = (
  status: NeCoRun['status'] | NeCoSweep['status'],
): string | undefined => findCondition(status?.conditions, 'Ready')?.reason

/** The whole system, with pods that run until a test ends them. */
export interface LifecycleFixture extends StudyFixture {
  readonly kubectl: (...args: readonly string[]) => Promise<string>
  readonly run: (name: string) => Promise<NeCoRun>
  /** The objects of some kinds in the namespace, such as job.batch/a-a1. */
  readonly listObjectNames: (
    kinds: string,
    ...args: readonly string[]
  ) => Promise<readonly string[]>
  /** Ends the container of the pod of a Job, as soon as it runs. */
  readonly endPod: (job: string, how: ContainerEnd) => Promise<void>
  /** The name of the pod of a Job, once it is there. */
  readonly findPod: (job: string) => Promise<string>
  /** The name of the pod of a Job, once its container runs. */
  readonly waitForRunningPod: (job: string) => Promise<string>
  /** The run, once the check holds; throws with its status at the timeout. */
  readonly waitForRun: (name: string, holds: (run: NeCoRun) => boolean) => Promise<NeCoRun>
  readonly waitForSweep: (name: string, holds: (sweep: NeCoSweep) => boolean) => Promise<NeCoSweep>
  /** Writes the status of a pod as its kubelet would. */
  readonly patchPod: (pod: string, status: object) => Promise<void>
}

type ObjectPredicate<T> = (object: T) => boolean

const WITHIN_MS = 120_000

async function waitForObject<T extends NeCoRun | NeCoSweep>(
  read: () => Promise<T>,
  { what, holds }: { readonly what: string; readonly holds: ObjectPredicate<T> },
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

/** Opens it on the shared testbed, without NATS; the caller closes it. */
export async function openLifecycleFixture(
  testbed: SharedTestbed,
  options: Options,
): Promise<LifecycleFixture> {
  const { executor, end } = createHeldPods(INTERRUPTED)
  const study = await openStudyFixture(testbed, {
    gpusPerNode: 50,
    ...options,
    executor,
    bus: false,
  })
  const { namespace } = study
  const kubectl = (...args: readonly string[]) => testbed.kubectl.ok([...args, '-n', namespace])
  const run = async (name: string): Promise<NeCoRun> =>
    JSON.parse(await kubectl('get', 'necorun', name, '-o', 'json'))
  const findPod = (job: string, path: string): Promise<string> =>
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
    listObjectNames: async (kinds, ...args) => {
      const out = await kubectl('get', kinds, '-o=name', ...args)
      return out.split('\n').filter((line) => line !== '')
    },
    endPod: (job, how) => end(`${namespace}/${job}`, how),
    findPod: (job) => findPod(job, '{.items[0].metadata.name}'),
    waitForRunningPod: (job) =>
      findPod(job, '{.items[?(@.status.phase=="Running")].metadata.name}'),
    waitForRun: (name, holds) => waitForObject(() => run(name), { what: `run ${name}`, holds }),
    waitForSweep: (name, holds) =>
      waitForObject(() => study.sweep(name), { what: `sweep ${name}`, holds }),
    patchPod: async (pod, status) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${pod}/status`
      const contentType = 'application/strategic-merge-patch+json'
      const answer = await testbed.api(
        { method: 'PATCH', path, contentType, body: { status } },
        'kubelet',
      )
      if (answer.status !== 200) throw new Error(answer.text)
    },
  }
}
