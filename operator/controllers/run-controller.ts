import type { Result } from '../../kube/queue/work-queue.ts'
import { isAccepted } from '../core/conditions.ts'
import { attemptsThatRan } from '../core/run/plan-reader.ts'
import { planRun, refuseRun } from '../core/run/plan-run.ts'
import type { ObservedRun, RunAction, RunPlan } from '../core/run/run-draft.ts'
import type { JobRequest, ReaderRequest } from '../ports/job-request.ts'
import type { ObjectKey, StoredRun } from '../ports/objects.ts'
import { isPortError } from '../ports/port-error.ts'
import { blockedBy } from './blocked-by.ts'
import type { ControllerPorts } from './controller-ports.ts'

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

/** A reader that cannot be made counts as one that has failed: nothing else of the run depends on it. */
async function createReader({ jobs }: ControllerPorts, reader: ReaderRequest): Promise<void> {
  try {
    await jobs.createReader(reader)
  } catch (error) {
    const isInVain = isPortError(error, 'Invalid') || isPortError(error, 'NameConflict')
    if (!isInVain) throw error
  }
}

async function applyAction(
  ports: ControllerPorts,
  { metadata }: StoredRun,
  action: RunAction,
): Promise<void> {
  const { namespace, uid: runUid } = metadata
  if (action.kind === 'CreateJob') return createJob(ports, action.job)
  if (action.kind === 'CreateReader') return createReader(ports, action.reader)
  if (action.kind === 'DeleteJob') return ports.jobs.delete({ namespace, name: action.name })
  const { work, attempt } = action
  ports.checkpoints.request({ namespace, runUid, work, attempt })
}

/** All writes: the actions, then the status in one write, then the events. */
async function apply(ports: ControllerPorts, run: StoredRun, plan: RunPlan): Promise<Result> {
  const { namespace, name, uid, resourceVersion } = run.metadata
  const key = { namespace, name }
  for (const action of plan.actions) await applyAction(ports, run, action)
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

function hasLeftReports(
  { hints }: ControllerPorts,
  { run, jobs }: Pick<ObservedRun, 'run' | 'jobs'>,
): boolean {
  const { namespace = '', uid: runUid = '' } = run.metadata
  const attempts = hints.busState() === 'Off' ? [] : attemptsThatRan({ run, jobs })
  return attempts.some((attempt) => !hints.hasArrived({ namespace, runUid, ...attempt }))
}

async function observe(ports: ControllerPorts, run: StoredRun): Promise<ObservedRun> {
  const { uid } = run.metadata
  const jobs = await ports.jobs.listOwnedBy(uid)
  return {
    run,
    jobs,
    home: {
      obstacles: await obstaclesTo(ports, run),
      busState: ports.hints.busState(),
      busProblem: ports.hints.busProblem(),
      progress: ports.hints.progressOf(uid),
      hasLeftReports: hasLeftReports(ports, { run, jobs }),
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

/** What to plan where trying the same again at once cannot help: the home refuses the Job, or something is in its way. */
function otherPlan(observed: ObservedRun, error: unknown): RunPlan | undefined {
  if (isPortError(error, 'Invalid')) {
    const { message } = error as Error
    return refuseRun(observed, [{ reason: 'Refused', path: 'pod', message }])
  }
  const blocked = blockedBy(error)
  return blocked === undefined ? undefined : planRun({ ...observed, blocked })
}
