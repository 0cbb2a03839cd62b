import type { NeCoRun, RunStatus, WorkStatus } from '../../../crds/necorun.ts'
import { resolvePreset } from '../../../method/resolve-preset.ts'
import { validateSettings } from '../../../method/validate-settings.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { Obstacle } from '../../ports/obstacle.ts'
import { isAccepted, isEnded } from '../conditions.ts'
import { buildJob } from '../jobs/build-job.ts'
import { jobName, workIndexAt } from '../jobs/job-name.ts'
import { BLOCKED_MS } from '../plan.ts'
import { type Concluded, concludeWork, settledWorks, stopWork } from './conclude-work.ts'
import { finishDraft } from './finish-draft.ts'
import { planEndedRun } from './plan-ended-run.ts'
import { requestCheckpoint } from './request-checkpoint.ts'
import {
  jobNamed,
  type ObservedRun,
  type RunAction,
  type RunDraft,
  type RunPlan,
} from './run-draft.ts'
import { type Outcome, outcomeOf } from './run-outcome.ts'

const freshWork = ({ spec }: NeCoRun): WorkStatus[] =>
  ['train', ...(spec.evaluations ?? []).map(({ name }) => name)].map((name) => ({
    name,
    attempt: 0,
    state: 'Pending',
  }))

/** Takes in what became of every Job that was running. */
function concludeAll(observed: ObservedRun, works: readonly WorkStatus[]): RunDraft {
  const { run, jobs, nowMs } = observed
  const concluded: Concluded[] = works.map((work, position) => {
    const name = jobName(run.metadata.name, workIndexAt(position), work.attempt)
    return concludeWork({ spec: run.spec, work, job: jobNamed(jobs, name), jobName: name, nowMs })
  })
  return {
    works: settledWorks(concluded),
    actions: concluded.flatMap(({ deleteJob }) =>
      deleteJob === undefined ? [] : [{ kind: 'DeleteJob' as const, name: deleteJob }],
    ),
    events: concluded.flatMap(({ events }) => events),
    facts: mergeFacts(run.status, concluded),
    waitMs: concluded.flatMap(({ deadlineInMs }) => deadlineInMs ?? []),
  }
}

/** Facts of the training replace, results of evaluations are added to those already known. */
function mergeFacts(
  before: RunStatus | undefined,
  concluded: readonly Concluded[],
): Partial<RunStatus> {
  const found = concluded.flatMap(({ facts }) => facts.evaluations ?? [])
  const evaluations = [...(before?.evaluations ?? []), ...found]
  const facts: Partial<RunStatus> = Object.assign({}, ...concluded.map(({ facts }) => facts))
  return found.length === 0 ? facts : { ...facts, evaluations }
}

/** Asks every running pod to end; the next attempt resumes from its checkpoint. */
function stopAll(draft: RunDraft, { run, jobs, nowMs }: ObservedRun): RunDraft {
  const actions: RunAction[] = []
  const works = draft.works.map((work, position) => {
    if (work.state !== 'Running') return work
    const name = jobName(run.metadata.name, workIndexAt(position), work.attempt)
    actions.push({ kind: 'DeleteJob', name })
    return stopWork({ work, job: jobNamed(jobs, name), nowMs })
  })
  return { ...draft, works, actions: [...draft.actions, ...actions] }
}

/** Starts the next attempt at the first work that is not done, one pod at a time. */
function startNext(draft: RunDraft, { run, jobs }: ObservedRun): RunDraft {
  const position = draft.works.findIndex(({ state }) => state !== 'Succeeded')
  const work = draft.works[position]
  if (work === undefined || work.state !== 'Pending') return draft
  const attempt = work.attempt + 1
  const job = buildJob(run, { work: workIndexAt(position), workName: work.name, attempt })
  const existing = jobNamed(jobs, job.name)
  if (existing?.isEnding === true) return draft
  const started: WorkStatus = { ...work, attempt, state: 'Running' }
  return {
    ...draft,
    works: draft.works.with(position, started),
    actions:
      existing === undefined ? [...draft.actions, { kind: 'CreateJob', job }] : draft.actions,
  }
}

/** Asks a training whose pod will have to go for a checkpoint. */
function heedWarning(draft: RunDraft, { run, jobs, home }: ObservedRun): RunDraft {
  const [work] = draft.works
  if (work === undefined) return draft
  const job = jobNamed(jobs, jobName(run.metadata.name, 'train', work.attempt))
  const warned = requestCheckpoint({ work, job, busState: home.busState })
  if (warned === undefined) return draft
  return {
    ...draft,
    works: draft.works.with(0, warned.work),
    actions: [...draft.actions, warned.action],
    events: [...draft.events, warned.event],
  }
}

/** The plan of a run that cannot start: nothing is made, and it is looked at again, since what is in the way may go. */
export function refuseRun(observed: ObservedRun, obstacles: readonly Obstacle[]): RunPlan {
  const works = observed.run.status?.work ?? []
  const draft: RunDraft = { works, actions: [], events: [], facts: {}, waitMs: [BLOCKED_MS] }
  const message = obstacles.map((one) => `spec.${one.path}: ${one.message}`).join('; ')
  const [first] = obstacles
  const acceptedReason = first === undefined ? {} : { acceptedReason: first.reason }
  return finishDraft(observed, draft, {
    state: 'NotAccepted',
    message: message.slice(0, 4000),
    ...acceptedReason,
  })
}

/** What a run asks for is looked at until it is accepted: it cannot be edited after that, and a stricter release must not stop it. */
function obstaclesTo({ run, home }: ObservedRun): readonly Obstacle[] {
  const problems = isAccepted(run.status) ? [] : validateSettings(resolvePreset(run.spec))
  return [...problems.map((problem) => ({ reason: 'NotAccepted', ...problem })), ...home.obstacles]
}

/** The Job of the work at hand, where it was seen. */
function jobAtHand({ works }: RunDraft, { run, jobs }: ObservedRun): ObservedJob | undefined {
  const position = works.findIndex(({ state }) => state !== 'Succeeded')
  const attempt = works[position]?.attempt ?? 0
  const job = jobNamed(
    jobs,
    jobName(run.metadata.name, workIndexAt(Math.max(0, position)), attempt),
  )
  return job?.isEnding === true ? undefined : job
}

/** Chooses the next steps of a run. Pure and total: equal inputs give equal plans, and a plan that was applied gives no further action. */
export function planRun(observed: ObservedRun): RunPlan {
  const { run } = observed
  if (isEnded(run.status?.conditions)) return planEndedRun(observed)
  const obstacles = obstaclesTo(observed)
  if (obstacles.length > 0) return refuseRun(observed, obstacles)
  const concluded = concludeAll(observed, run.status?.work ?? freshWork(run))
  const isSuspended = run.spec.suspend === true
  const stops = isSuspended || concluded.works.some(({ state }) => state === 'Failed')
  const draft = stops
    ? stopAll(concluded, observed)
    : heedWarning(goOn(concluded, observed), observed)
  const { works } = draft
  const outcome = outcomeOf({ works, job: jobAtHand(draft, observed), isSuspended })
  return finishDraft(observed, draft, stops ? outcome : { ...outcome, ...blockedOutcome(observed) })
}

/** The next work starts, unless something stands where its Job would. */
const goOn = (draft: RunDraft, observed: ObservedRun): RunDraft =>
  observed.blocked === undefined
    ? startNext(draft, observed)
    : { ...draft, waitMs: [...draft.waitMs, BLOCKED_MS] }

const blockedOutcome = ({ blocked }: ObservedRun): Partial<Outcome> =>
  blocked === undefined ? {} : { state: 'Queued', ...blocked }
