import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { Result } from '../../kube/queue/work-queue.ts'
import { isAccepted, isEnded } from '../core/conditions.ts'
import type { Blocked } from '../core/plan.ts'
import {
  type ObservedSweep,
  planSweep,
  type SweepAction,
  type SweepPlan,
} from '../core/sweep/plan-sweep.ts'
import { validateSweep } from '../core/sweep/validate-sweep.ts'
import type { ObjectKey, StoredRun, StoredSweep } from '../ports/objects.ts'
import { isPortError, PortError } from '../ports/port-error.ts'
import { blockedBy } from './blocked-by.ts'
import type { ControllerPorts } from './controller-ports.ts'
import { type KeptTallies, keepTallies } from './kept-tallies.ts'

/** Why a run cannot be made under a name: one of another sweep of this name goes with it, anything else stays. */
function nameTaken({ metadata }: NeCoRun, existing: StoredRun | undefined): PortError {
  const what = `NeCoRun ${metadata.namespace}/${metadata.name}`
  const owner = existing?.metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (existing === undefined || owner?.kind === SWEEP_KIND) {
    return new PortError('AlreadyExists', `${what} is that of another sweep`)
  }
  const advice = 'delete it, or give the sweep another name'
  return new PortError('NameConflict', `${what} is in the way: no sweep made it; ${advice}`)
}

/** The run that was made. A 409 is success only if the run that is there is ours by UID. */
async function createRun(
  { runs }: ControllerPorts,
  sweep: StoredSweep,
  run: NeCoRun,
): Promise<StoredRun> {
  try {
    return await runs.create(run)
  } catch (error) {
    if (!isPortError(error, 'AlreadyExists')) throw error
    const { namespace } = sweep.metadata
    const existing = await runs.get({ namespace, name: run.metadata.name })
    const owners = existing?.metadata.ownerReferences ?? []
    const isOurs = owners.some(({ uid }) => uid === sweep.metadata.uid)
    if (existing === undefined || !isOurs) throw nameTaken(run, existing)
    return existing
  }
}

async function suspendRun(ports: ControllerPorts, key: ObjectKey, suspend: boolean): Promise<void> {
  const run = await ports.runs.get(key)
  if (run === undefined || (run.spec.suspend ?? false) === suspend) return
  await ports.runs.writeSpec(key, { ...run.spec, suspend }, run.metadata.resourceVersion)
}

interface Applied {
  readonly sweep: StoredSweep
  readonly tallies: KeptTallies
}

/** What was made is counted at once: the next round comes before anybody has told of it. */
async function applyAction(
  ports: ControllerPorts,
  { sweep, tallies }: Applied,
  action: SweepAction,
): Promise<void> {
  if (action.kind === 'CreateRun') {
    return tallies.made(await createRun(ports, sweep, action.run))
  }
  const key = { namespace: sweep.metadata.namespace, name: action.name }
  await suspendRun(ports, key, action.suspend)
}

/** All writes: the actions, then the status in one write, then the events. */
async function apply(ports: ControllerPorts, applied: Applied, plan: SweepPlan): Promise<void> {
  const { sweep } = applied
  const { namespace, name, uid, resourceVersion } = sweep.metadata
  const key = { namespace, name }
  for (const action of plan.actions) await applyAction(ports, applied, action)
  if (plan.status !== undefined) await ports.sweeps.writeStatus(key, plan.status, resourceVersion)
  for (const event of plan.events) {
    await ports.events.publish({ kind: 'NeCoSweep', key, uid, ...event })
  }
}

/** The parallelism may be edited, and a claim that one pod can use may not do for two. */
async function obstaclesTo({ surroundings }: ControllerPorts, sweep: StoredSweep) {
  const { metadata, spec, status } = sweep
  if (isAccepted(status) && status?.observedGeneration === metadata.generation) return []
  const { parallelism = 1, run } = spec
  return surroundings.obstaclesTo({ namespace: metadata.namespace, spec: run, parallelism })
}

async function observe(
  ports: ControllerPorts,
  sweep: StoredSweep,
  tallies: KeptTallies,
): Promise<ObservedSweep> {
  const { hints, clock } = ports
  return {
    sweep,
    tally: await tallies.of(sweep),
    problems: isAccepted(sweep.status) ? [] : validateSweep(sweep),
    home: {
      obstacles: await obstaclesTo(ports, sweep),
      busState: hints.busState(),
      busProblem: hints.busProblem(),
    },
    nowMs: clock.nowMs(),
  }
}

/** The home refuses a run of a sweep that it took, as where its CRDs are not those of the operator. */
const refusedBy = (error: unknown): Blocked => ({
  reason: 'Refused',
  message: (error as Error).message,
})

/** Plans and applies; where something is in the way of that, what can be done all the same. Returns the plan that was applied. */
async function planAndApply(
  ports: ControllerPorts,
  applied: Applied,
  observed: ObservedSweep,
): Promise<SweepPlan> {
  const plan = planSweep(observed)
  try {
    await apply(ports, applied, plan)
    return plan
  } catch (error) {
    const blocked = isPortError(error, 'Invalid') ? refusedBy(error) : blockedBy(error)
    if (blocked === undefined || observed.blocked !== undefined) throw error
    // Runs may have been made before the one that could not be.
    const tally = await applied.tallies.of(applied.sweep)
    return planAndApply(ports, applied, { ...observed, tally, blocked })
  }
}

/** Brings one sweep a step further: observe, plan, apply. Without kept tallies every run is read. */
export async function reconcileSweep(
  ports: ControllerPorts,
  key: ObjectKey,
  tallies: KeptTallies = keepTallies(ports.runs),
): Promise<Result> {
  const sweep = await ports.sweeps.get(key)
  if (sweep === undefined || sweep.metadata.deletionTimestamp !== undefined) {
    tallies.drop(key)
    ports.tables.forget(key)
    return {}
  }
  const observed = await observe(ports, sweep, tallies)
  const plan = await planAndApply(ports, { sweep, tallies }, observed)
  return soonest(plan.requeueAfterMs, await writeTable(ports, sweep, plan))
}

/** The table comes last: it is made of what the runs say, and nothing waits for it. */
async function writeTable(
  { tables, runs }: ControllerPorts,
  sweep: StoredSweep,
  { status = sweep.status }: SweepPlan,
): Promise<number | undefined> {
  const { againInMs } = await tables.write(sweep, {
    runs: () => runs.listOwnedBy(sweep.metadata.uid),
    hasEnded: isEnded(status?.conditions),
  })
  return againInMs
}

function soonest(...waits: readonly (number | undefined)[]): Result {
  const set = waits.filter((wait) => wait !== undefined)
  return set.length === 0 ? {} : { requeueAfterMs: Math.min(...set) }
}
