import type { JobRequest } from '../../crds/job-request.ts'
import type { NeCoRun, RunStatus, WorkStatus } from '../../crds/necorun.ts'
import type { ObservedJob } from '../../crds/observed-job.ts'
import { buildJob } from './build-job.ts'
import { type Concluded, concludeWork, stopWork } from './conclude-work.ts'
import { conditionsOf, isEnded, type ObjectState } from './conditions.ts'
import { jobName, type WorkIndex } from './job-name.ts'
import type { Plan, PlannedEvent } from './plan.ts'
import { resolvePreset } from './resolve-preset.ts'
import { validateSettings } from './validate-settings.ts'

export type RunAction =
  | { readonly kind: 'CreateJob'; readonly job: JobRequest }
  | { readonly kind: 'DeleteJob'; readonly name: string }

/** All that one look at a run saw. */
export interface ObservedRun {
  readonly run: NeCoRun
  readonly jobs: readonly ObservedJob[]
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

interface Outcome {
  readonly state: ObjectState
  readonly reason?: string
  readonly message: string
}

function outcomeOf({ works }: Draft, observed: ObservedRun): Outcome {
  const failed = works.find(({ state }) => state === 'Failed')
  if (failed !== undefined) {
    const message = `${failed.name}: ${failed.message ?? 'failed'}`
    return { state: 'Failed', reason: failed.cause ?? 'Unexpected', message }
  }
  if (works.every(({ state }) => state === 'Succeeded')) {
    return { state: 'Succeeded', message: 'trained and evaluated' }
  }
  if (observed.run.spec.suspend === true) {
    return { state: 'Suspended', message: 'suspended; set suspend to false to go on' }
  }
  const current = works.find(({ state }) => state !== 'Succeeded')
  const name = current?.name ?? TRAIN
  const isRunning = observed.jobs.some(({ state, isEnding }) => state === 'Running' && !isEnding)
  return isRunning
    ? { state: 'Running', message: `${name}, attempt ${current?.attempt}` }
    : { state: 'Queued', message: `${name} waits for a pod` }
}

const stateEvents = (
  state: ObjectState,
  outcome: Outcome,
  was: string | undefined,
): PlannedEvent[] => {
  const reason = outcome.reason ?? state
  if (was === reason || state === 'Queued' || state === 'Running') return []
  const type = state === 'Failed' || state === 'NotAccepted' ? 'Warning' : 'Normal'
  return [{ type, reason, message: outcome.message }]
}

const sameStatus = (a: RunStatus, b: RunStatus | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b)

function finish(observed: ObservedRun, draft: Draft, outcome: Outcome): RunPlan {
  const { run, nowMs } = observed
  const { generation = 1 } = run.metadata
  const before = run.status
  const conditions = conditionsOf({ ...outcome, generation, nowMs }, before?.conditions)
  const status: RunStatus = {
    ...before,
    ...draft.facts,
    conditions,
    observedGeneration: generation,
    planVersion: before?.planVersion ?? PLAN_VERSION,
    work: [...draft.works],
  }
  const was = before?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const waitMs = draft.waitMs.length > 0 ? { requeueAfterMs: Math.min(...draft.waitMs) } : {}
  return {
    actions: draft.actions,
    ...(sameStatus(status, before) ? {} : { status }),
    events: [...draft.events, ...stateEvents(outcome.state, outcome, was)],
    ...waitMs,
  }
}

function notAccepted(observed: ObservedRun, messages: readonly string[]): RunPlan {
  const works = observed.run.status?.work ?? []
  const draft: Draft = { works, actions: [], events: [], facts: {}, waitMs: [] }
  return finish(observed, draft, { state: 'NotAccepted', message: messages.join('; ') })
}

/** Chooses the next steps of a run. Pure and total: equal inputs give equal plans, and a plan that was applied gives no further action. */
export function planRun(observed: ObservedRun): RunPlan {
  const { run } = observed
  if (isEnded(run.status?.conditions)) return { actions: [], events: [] }
  const problems = validateSettings(resolvePreset(run.spec))
  if (problems.length > 0) {
    return notAccepted(
      observed,
      problems.map(({ path, message }) => `spec.${path}: ${message}`),
    )
  }
  const concluded = concludeAll(observed, run.status?.work ?? freshWork(run))
  const hasFailed = concluded.works.some(({ state }) => state === 'Failed')
  const stops = hasFailed || run.spec.suspend === true
  const draft = stops ? stopAll(concluded, observed) : startNext(concluded, observed)
  return finish(observed, draft, outcomeOf(draft, observed))
}
