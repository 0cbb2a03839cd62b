import type { JobRequest } from '../../crds/job-request.ts'
import { isAccepted } from '../core/conditions.ts'
import {
  type ObservedRun,
  planRun,
  type RunAction,
  type RunPlan,
  refuseRun,
} from '../core/plan-run.ts'
import type { ObjectKey, StoredRun } from '../ports/objects.ts'
import { isPortError } from '../ports/port-error.ts'
import type { ControllerPorts } from './controller-ports.ts'
import type { Result } from './work-queue.ts'

/** A 409 is success only if the Job that is there is ours by UID. */
async function createJob({ jobs }: ControllerPorts, job: JobRequest): Promise<void> {
  try {
    await jobs.create(job)
  } catch (error) {
    if (!isPortError(error, 'AlreadyExists')) throw error
    const owned = await jobs.listOwnedBy(job.owner.uid)
    if (owned.some(({ name, isEnding }) => name === job.name && !isEnding)) return
    throw error
  }
}

const applyAction = (
  ports: ControllerPorts,
  { namespace }: ObjectKey,
  action: RunAction,
): Promise<void> =>
  action.kind === 'CreateJob'
    ? createJob(ports, action.job)
    : ports.jobs.delete({ namespace, name: action.name })

/** All writes: the actions, then the status in one write, then the events. */
async function apply(
  ports: ControllerPorts,
  { metadata }: StoredRun,
  plan: RunPlan,
): Promise<Result> {
  const { namespace, name, uid, resourceVersion } = metadata
  const key = { namespace, name }
  for (const action of plan.actions) await applyAction(ports, key, action)
  if (plan.status !== undefined) await ports.runs.writeStatus(key, plan.status, resourceVersion)
  for (const event of plan.events) {
    await ports.events.publish({ kind: 'NeCoRun', key, uid, ...event })
  }
  const { requeueAfterMs } = plan
  return requeueAfterMs === undefined ? {} : { requeueAfterMs }
}

/** What is in the way of a run is looked for until it is accepted: after that its attempts say. */
const obstaclesTo = async ({ surroundings }: ControllerPorts, run: StoredRun) =>
  isAccepted(run.status)
    ? []
    : surroundings.obstaclesTo({
        namespace: run.metadata.namespace,
        spec: run.spec,
        parallelism: 1,
      })

async function observe(ports: ControllerPorts, run: StoredRun): Promise<ObservedRun> {
  const { uid } = run.metadata
  return {
    run,
    jobs: await ports.jobs.listOwnedBy(uid),
    home: {
      obstacles: await obstaclesTo(ports, run),
      busState: ports.hints.busState(),
      progress: ports.hints.progressOf(uid),
      keptSeconds: ports.jobs.keptSeconds,
    },
    nowMs: ports.clock.nowMs(),
  }
}

/** Brings one run a step further: observe, plan, apply. */
export async function reconcileRun(ports: ControllerPorts, key: ObjectKey): Promise<Result> {
  const run = await ports.runs.get(key)
  if (run === undefined || run.metadata.deletionTimestamp !== undefined) return {}
  const observed = await observe(ports, run)
  try {
    return await apply(ports, run, planRun(observed))
  } catch (error) {
    const plan = otherPlan(observed, error)
    if (plan === undefined) throw error
    return apply(ports, run, plan)
  }
}

/** What to plan where trying the same again cannot help: the home refuses the Job, or something stands under its name. */
function otherPlan(observed: ObservedRun, error: unknown): RunPlan | undefined {
  const { message } = error as Error
  if (isPortError(error, 'Invalid')) {
    return refuseRun(observed, [{ reason: 'Refused', path: 'pod', message }])
  }
  if (!isPortError(error, 'NameConflict')) return undefined
  return planRun({ ...observed, blocked: { reason: 'NameConflict', message } })
}
