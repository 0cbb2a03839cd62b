import type { JobRequest } from '../../crds/job-request.ts'
import type { NeCoRun, RunStatus, WorkStatus } from '../../crds/necorun.ts'
import type { ObservedJob } from '../../crds/observed-job.ts'
import type { Obstacle } from '../../crds/obstacle.ts'
import { buildJob } from './build-job.ts'
import { canonicalText } from './canonical-text.ts'
import { type Concluded, concludeWork, stopWork } from './conclude-work.ts'
import { conditionsOf, endTimeMs, isAccepted, isEnded, seenStatus } from './conditions.ts'
import type { HomeFacts } from './home-facts.ts'
import { jobName, type WorkIndex } from './job-name.ts'
import type { Plan, PlannedEvent } from './plan.ts'
import { isLiveReader, leftAtEnd, planReader, type ReaderAction } from './plan-reader.ts'
import { type RequestCheckpoint, requestCheckpoint } from './request-checkpoint.ts'
import { resolvePreset } from './resolve-preset.ts'
import { type Outcome, outcomeOf } from './run-outcome.ts'
import { isProgressOnly, PROGRESS_EVERY_MS, progressWaitMs } from './run-progress.ts'
import { validateSettings } from './validate-settings.ts'

export type RunAction =
  | { readonly kind: 'CreateJob'; readonly job: JobRequest }
  | { readonly kind: 'DeleteJob'; readonly name: string }
  | ReaderAction
  | RequestCheckpoint

/** All that one look at a run saw. */
export interface ObservedRun {
  readonly run: NeCoRun
  readonly jobs: readonly ObservedJob[]
  readonly home: HomeFacts
  /** What kept the last plan from being applied, though nothing is wrong with the run. */
  readonly blocked?: { readonly reason: string; readonly message: string }
  readonly nowMs: number
}

export type RunPlan = Plan<RunAction, RunStatus>

/** Raised when a plan would treat live runs differently; a run keeps the one it started with. */
export const PLAN_VERSION = 1

const TRAIN = 'train'

const indexOf = (position: number): WorkIndex => (position === 0 ? TRAIN : position - 1)

const freshWork = ({ spec }: NeCoRun): WorkStatus[] =>
  [TRAIN, ...(spec.evaluations ?? []).map(({ name }) => name)].map((name) => ({
    name,
    attempt: 0,
    state: 'Pending',
  }))

interface Draft {
  readonly works: readonly WorkStatus[]
  readonly actions: readonly RunAction[]
  readonly events: readonly PlannedEvent[]
  readonly facts: Partial<RunStatus>
  readonly waitMs: readonly number[]
}

const jobNamed = (jobs: readonly ObservedJob[], name: string): ObservedJob | undefined =>
  jobs.find((job) => job.name === name)

/** Takes in what became of every Job that was running. */
function concludeAll(observed: ObservedRun, works: readonly WorkStatus[]): Draft {
  const { run, jobs, nowMs } = observed
  const concluded: Concluded[] = works.map((work, position) => {
    const name = jobName(run.metadata.name, indexOf(position), work.attempt)
    return concludeWork({ spec: run.spec, work, job: jobNamed(jobs, name), jobName: name, nowMs })
  })
  return {
    works: concluded.map(({ work }) => work),
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
function stopAll(draft: Draft, { run, jobs, nowMs }: ObservedRun): Draft {
  const actions: RunAction[] = []
  const works = draft.works.map((work, position) => {
    if (work.state !== 'Running') return work
    const name = jobName(run.metadata.name, indexOf(position), work.attempt)
    actions.push({ kind: 'DeleteJob', name })
    return stopWork({ work, job: jobNamed(jobs, name), nowMs })
  })
  return { ...draft, works, actions: [...draft.actions, ...actions] }
}

/** Starts the next attempt at the first work that is not done, one pod at a time. */
function startNext(draft: Draft, { run, jobs }: ObservedRun): Draft {
  const position = draft.works.findIndex(({ state }) => state !== 'Succeeded')
  const work = draft.works[position]
  if (work === undefined || work.state !== 'Pending') return draft
  const attempt = work.attempt + 1
  const job = buildJob(run, { work: indexOf(position), workName: work.name, attempt })
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
function heedWarning(draft: Draft, { run, jobs, home }: ObservedRun): Draft {
  const [work] = draft.works
  if (work === undefined) return draft
  const job = jobNamed(jobs, jobName(run.metadata.name, TRAIN, work.attempt))
  const warned = requestCheckpoint({ work, job, busState: home.busState })
  if (warned === undefined) return draft
  return {
    ...draft,
    works: draft.works.with(0, warned.work),
    actions: [...draft.actions, warned.action],
    events: [...draft.events, warned.event],
  }
}

function stateEvents({ state, reason, message }: Outcome, was: string | undefined): PlannedEvent[] {
  const word = reason ?? state
  const isQuiet = state === 'Running' || (state === 'Queued' && reason === undefined)
  if (was === word || isQuiet) return []
  const isBad = state === 'Failed' || state === 'NotAccepted' || state === 'Queued'
  return [{ type: isBad ? 'Warning' : 'Normal', reason: word, message }]
}

const sameStatus = (a: RunStatus, b: RunStatus | undefined): boolean =>
  canonicalText(a) === canonicalText(b)

/** What the pod of the training last said, while it trains. */
function progressOf({ run, home }: ObservedRun, { works }: Draft): Partial<RunStatus> {
  const { progress } = home
  if (progress === undefined || works[0]?.state !== 'Running') return {}
  const { step, totalSteps, metrics } = progress
  return { step, totalSteps, metrics: { ...run.status?.metrics, ...metrics } }
}

/** The image of the first pod that reports one: later attempts run it too, whatever its tag means by then. */
function imageIdOf({ run, jobs }: ObservedRun): Partial<RunStatus> {
  if (run.status?.imageId !== undefined) return {}
  const imageId = jobs.find((job) => job.imageId !== undefined)?.imageId
  return imageId === undefined ? {} : { imageId }
}

function statusOf(observed: ObservedRun, draft: Draft, outcome: Outcome): RunStatus {
  const { run, home, nowMs } = observed
  const { generation = 1 } = run.metadata
  const before = run.status
  const conditions = conditionsOf({ ...outcome, bus: home, generation, nowMs }, before?.conditions)
  return {
    ...before,
    ...imageIdOf(observed),
    ...progressOf(observed, draft),
    ...draft.facts,
    ...(isEnded(conditions) ? leftAtEnd(home) : {}),
    conditions,
    observedGeneration: generation,
    planVersion: before?.planVersion ?? PLAN_VERSION,
    ...(draft.works.length === 0 ? {} : { work: [...draft.works] }),
  }
}

/** The status to write now, and how long until more of it may be written. */
function dueStatus(
  status: RunStatus,
  before: RunStatus | undefined,
  nowMs: number,
): { readonly status?: RunStatus; readonly waitMs: readonly number[] } {
  if (sameStatus(status, before)) return { waitMs: [] }
  if (!isProgressOnly(status, before)) return { status, waitMs: [] }
  const waitMs = progressWaitMs(before, nowMs)
  if (waitMs > 0) return { waitMs: [waitMs] }
  return { status: { ...status, progressTime: new Date(nowMs).toISOString() }, waitMs: [] }
}

function finish(observed: ObservedRun, draft: Draft, outcome: Outcome): RunPlan {
  const { run, home, nowMs } = observed
  const due = dueStatus(statusOf(observed, draft, outcome), run.status, nowMs)
  const was = run.status?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const isHeard = outcome.state === 'Running' && home.busState !== 'Off'
  const waits = [...draft.waitMs, ...due.waitMs, ...(isHeard ? [PROGRESS_EVERY_MS] : [])]
  return {
    actions: draft.actions,
    ...(due.status === undefined ? {} : { status: due.status }),
    // What is not written yet would be said again at every look.
    events: [...draft.events, ...(due.status === undefined ? [] : stateEvents(outcome, was))],
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  }
}

const LOOK_AGAIN_MS = 30_000

/** The plan of a run that cannot start: nothing is made, and it is looked at again, since what is in the way may go. */
export function refuseRun(observed: ObservedRun, obstacles: readonly Obstacle[]): RunPlan {
  const works = observed.run.status?.work ?? []
  const draft: Draft = { works, actions: [], events: [], facts: {}, waitMs: [LOOK_AGAIN_MS] }
  const message = obstacles.map((one) => `spec.${one.path}: ${one.message}`).join('; ')
  const [first] = obstacles
  const acceptedReason = first === undefined ? {} : { acceptedReason: first.reason }
  return finish(observed, draft, {
    state: 'NotAccepted',
    message: message.slice(0, 4000),
    ...acceptedReason,
  })
}

function planEnded(observed: ObservedRun): RunPlan {
  const { status, metadata } = observed.run
  const reader = planReader(observed)
  const kept = cleanUp(observed)
  const next = seenStatus(reader.status ?? status, metadata.generation) ?? reader.status
  const waits = [reader, kept].flatMap(({ requeueAfterMs }) => requeueAfterMs ?? [])
  return {
    actions: [...reader.actions, ...kept.actions],
    ...(next === undefined ? {} : { status: next }),
    events: [],
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  }
}

/** Jobs of a run that has ended stay for their time, so that their logs can be read; the run stays. */
function cleanUp(observed: ObservedRun): RunPlan {
  const { run, jobs, home, nowMs } = observed
  const kept = run.spec.ttlSecondsAfterFinished ?? home.keptSeconds
  const left = jobs.filter((job) => !(job.isEnding || isLiveReader(observed, job)))
  if (kept === undefined || left.length === 0) return { actions: [], events: [] }
  const waitMs = endTimeMs(run.status?.conditions) + kept * 1000 - nowMs
  if (waitMs > 0) return { actions: [], events: [], requeueAfterMs: waitMs }
  return { actions: left.map(({ name }) => ({ kind: 'DeleteJob', name })), events: [] }
}

/** What a run asks for is looked at until it is accepted: it cannot be edited after that, and a stricter release must not stop it. */
function obstaclesTo({ run, home }: ObservedRun): readonly Obstacle[] {
  const problems = isAccepted(run.status) ? [] : validateSettings(resolvePreset(run.spec))
  return [...problems.map((problem) => ({ reason: 'NotAccepted', ...problem })), ...home.obstacles]
}

/** The Job of the work at hand, where it was seen. */
function jobAtHand({ works }: Draft, { run, jobs }: ObservedRun): ObservedJob | undefined {
  const position = works.findIndex(({ state }) => state !== 'Succeeded')
  const attempt = works[position]?.attempt ?? 0
  const job = jobNamed(jobs, jobName(run.metadata.name, indexOf(Math.max(0, position)), attempt))
  return job?.isEnding === true ? undefined : job
}

/** Chooses the next steps of a run. Pure and total: equal inputs give equal plans, and a plan that was applied gives no further action. */
export function planRun(observed: ObservedRun): RunPlan {
  const { run } = observed
  if (isEnded(run.status?.conditions)) return planEnded(observed)
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
  return finish(observed, draft, stops ? outcome : { ...outcome, ...blockedOutcome(observed) })
}

/** The next work starts, unless something stands where its Job would. */
const goOn = (draft: Draft, observed: ObservedRun): Draft =>
  observed.blocked === undefined
    ? startNext(draft, observed)
    : { ...draft, waitMs: [...draft.waitMs, LOOK_AGAIN_MS] }

const blockedOutcome = ({ blocked }: ObservedRun): Partial<Outcome> =>
  blocked === undefined ? {} : { state: 'Queued', ...blocked }
