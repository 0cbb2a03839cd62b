import type { JobRequest } from '../../crds/job-request.ts'
import { planRun, type RunAction, type RunPlan } from '../core/plan-run.ts'
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

/** Brings one run a step further: observe, plan, apply. */
export async function reconcileRun(ports: ControllerPorts, key: ObjectKey): Promise<Result> {
  const run = await ports.runs.get(key)
  if (run === undefined || run.metadata.deletionTimestamp !== undefined) return {}
  const jobs = await ports.jobs.listOwnedBy(run.metadata.uid)
  return apply(ports, run, planRun({ run, jobs, nowMs: ports.clock.nowMs() }))
}
