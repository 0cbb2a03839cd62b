import { SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import { isKubeError, KubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { ReconcileResult } from '../../kube/queue/work-queue.ts'
import { isAccepted, isEnded } from '../core/conditions.ts'
import type { BlockedReason } from '../core/reconcile-plan.ts'
import type { ObservedSweep } from '../core/sweep/observed-sweep.ts'
import { planSweep, type SweepAction, type SweepPlan } from '../core/sweep/plan-sweep.ts'
import { validateSweep } from '../core/sweep/validate-sweep.ts'
import type { StoredRun, StoredSweep } from '../ports/objects.ts'
import { findBlockedReason } from './find-blocked-reason.ts'
import type { Platform } from './platform.ts'
import { createSweepAggregateCache, type SweepAggregateCache } from './sweep-aggregate-cache.ts'

/**
 * Why a run cannot be created under its name. A run of an older sweep of the same name is deleted
 * with that sweep, so the name becomes free; anything else stays.
 */
function buildNameTakenError({ metadata }: NeCoRun, existing: StoredRun | undefined): KubeError {
  const what = `NeCoRun ${metadata.namespace}/${metadata.name}`
  const owner = existing?.metadata.ownerReferences?.find(({ controller }) => controller === true)
  if (existing === undefined || owner?.kind === SWEEP_KIND) {
    return new KubeError('AlreadyExists', `${what} is that of another sweep`)
  }
  const advice = 'delete it, or give the sweep another name'
  return new KubeError('NameConflict', `${what} is in the way: no sweep created it; ${advice}`)
}

/** Creates a run. A 409 is success only if the existing run is owned by this sweep, by UID. */
async function ensureRun({ runs }: Platform, sweep: StoredSweep, run: NeCoRun): Promise<StoredRun> {
  try {
    return await runs.create(run)
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error
    const { namespace } = sweep.metadata
    const existing = await runs.get({ namespace, name: run.metadata.name })
    const owners = existing?.metadata.ownerReferences ?? []
    const isOurs = owners.some(({ uid }) => uid === sweep.metadata.uid)
    if (existing === undefined || !isOurs) throw buildNameTakenError(run, existing)
    return existing
  }
}

async function suspendRun(platform: Platform, key: ObjectKey, suspend: boolean): Promise<void> {
  const run = await platform.runs.get(key)
  if (run === undefined || (run.spec.suspend ?? false) === suspend) return
  await platform.runs.writeSpec(key, { ...run.spec, suspend }, run.metadata.resourceVersion)
}

interface SweepContext {
  readonly sweep: StoredSweep
  readonly aggregates: SweepAggregateCache
}

/** A created run is counted at once: the next reconcile may precede its watch event. */
async function applySweepAction(
  platform: Platform,
  { sweep, aggregates }: SweepContext,
  action: SweepAction,
): Promise<void> {
  if (action.kind === 'CreateRun') {
    return aggregates.recordCreated(await ensureRun(platform, sweep, action.run))
  }
  const key = { namespace: sweep.metadata.namespace, name: action.name }
  await suspendRun(platform, key, action.suspend)
}

/** All writes: the actions, then the status in one write, then the events. */
async function applySweepPlan(
  platform: Platform,
  context: SweepContext,
  plan: SweepPlan,
): Promise<void> {
  const { sweep } = context
  const { namespace, name, uid, resourceVersion } = sweep.metadata
  const key = { namespace, name }
  for (const action of plan.actions) await applySweepAction(platform, context, action)
  if (plan.status !== undefined)
    await platform.sweeps.writeStatus(key, plan.status, resourceVersion)
  for (const event of plan.events) {
    await platform.events.publish({ kind: 'NeCoSweep', key, uid, ...event })
  }
}

/** The parallelism may be edited, and a claim that serves one pod may not serve two. */
async function findSweepBlockers({ prerequisites }: Platform, sweep: StoredSweep) {
  const { metadata, spec, status } = sweep
  if (isAccepted(status) && status?.observedGeneration === metadata.generation) return []
  const { parallelism = 1, run } = spec
  return prerequisites.findBlockers({ namespace: metadata.namespace, spec: run, parallelism })
}

async function observeSweep(
  platform: Platform,
  sweep: StoredSweep,
  aggregates: SweepAggregateCache,
): Promise<ObservedSweep> {
  const { hints, clock } = platform
  return {
    sweep,
    aggregate: await aggregates.get(sweep),
    problems: isAccepted(sweep.status) ? [] : validateSweep(sweep),
    platform: {
      blockers: await findSweepBlockers(platform, sweep),
      busState: hints.busState(),
      busProblem: hints.busProblem(),
    },
    nowMs: clock.nowMs(),
  }
}

/**
 * The platform accepted the sweep but refuses its run, as where the CRDs in the cluster are not
 * those of this operator.
 */
const toRefusedReason = (error: unknown): BlockedReason => ({
  reason: 'Refused',
  message: (error as Error).message,
})

/**
 * Plans and applies; where that is blocked, plans again without creating runs. Returns the plan
 * that was applied.
 */
async function planAndApply(
  platform: Platform,
  context: SweepContext,
  observed: ObservedSweep,
): Promise<SweepPlan> {
  const plan = planSweep(observed)
  try {
    await applySweepPlan(platform, context, plan)
    return plan
  } catch (error) {
    const blocked = isKubeError(error, 'Invalid')
      ? toRefusedReason(error)
      : findBlockedReason(error)
    if (blocked === undefined || observed.blocked !== undefined) throw error
    // Runs may have been created before the one that was refused.
    const aggregate = await context.aggregates.get(context.sweep)
    return planAndApply(platform, context, { ...observed, aggregate, blocked })
  }
}

/**
 * Reconciles one sweep: observe, plan, apply. Without a shared aggregate cache every run is read.
 */
export async function reconcileSweep(
  platform: Platform,
  key: ObjectKey,
  aggregates: SweepAggregateCache = createSweepAggregateCache(platform.runs),
): Promise<ReconcileResult> {
  const sweep = await platform.sweeps.get(key)
  if (sweep === undefined || sweep.metadata.deletionTimestamp !== undefined) {
    aggregates.delete(key)
    platform.resultTables.forget(key)
    return {}
  }
  const observed = await observeSweep(platform, sweep, aggregates)
  const plan = await planAndApply(platform, { sweep, aggregates }, observed)
  return chooseEarliestRequeue(plan.requeueAfterMs, await writeResultTable(platform, sweep, plan))
}

/** The results table comes last: it is built from the runs, and nothing depends on it. */
async function writeResultTable(
  { resultTables, runs }: Platform,
  sweep: StoredSweep,
  { status = sweep.status }: SweepPlan,
): Promise<number | undefined> {
  const { retryAfterMs } = await resultTables.write(sweep, {
    runs: () => runs.listOwnedBy(sweep.metadata.uid),
    hasEnded: isEnded(status?.conditions),
  })
  return retryAfterMs
}

function chooseEarliestRequeue(...waits: readonly (number | undefined)[]): ReconcileResult {
  const set = waits.filter((wait) => wait !== undefined)
  return set.length === 0 ? {} : { requeueAfterMs: Math.min(...set) }
}
