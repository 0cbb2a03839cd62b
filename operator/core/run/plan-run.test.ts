import { describe, expect, test } from 'vitest'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { toCanonicalJson } from '../canonical-json.ts'
import { findCondition } from '../conditions.ts'
import { type PlatformState, UNBLOCKED_PLATFORM } from '../platform-state.ts'
import { planRefusedRun, planRun } from './plan-run.ts'
import type { ObservedRun, RunPlan } from './run-plan.ts'

const evaluations: NeCoRun['spec']['evaluations'] = [
  {
    name: 'scenes',
    protocols: ['InContext'],
    memory: { kind: 'Scenes', count: 8 },
    validation: { kind: 'Scenes', count: 8 },
    at: [1],
  },
]
const aRun = (spec: Partial<NeCoRun['spec']> = {}): NeCoRun => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  metadata: { name: 'study', namespace: 'default', uid: 'uid', generation: 1 },
  spec: { data: { kind: 'Scenes', count: 64 }, evaluations, ...spec },
})
const aJob = (overrides: Partial<ObservedJob> = {}): ObservedJob => ({
  name: 'study-a1',
  uid: 'uid-job',
  ownerUid: 'uid',
  state: 'Pending',
  isEnding: false,
  createdMs: 0,
  ...overrides,
})
const running = aJob({ state: 'Running', startedMs: 1000 })
const terminationMessage: TerminationMessage = {
  schemaVersion: 1,
  reason: 'Succeeded',
  message: 'trained',
  reused: false,
  step: 40,
  metrics: { loss: 3.5 },
  evaluations: [],
}
const trained = aJob({
  state: 'Succeeded',
  startedMs: 1000,
  endedMs: 9000,
  termination: terminationMessage,
})

const observed = (overrides: Partial<ObservedRun> = {}): ObservedRun => ({
  run: aRun(),
  jobs: [],
  platform: UNBLOCKED_PLATFORM,
  nowMs: 0,
  ...overrides,
})
/** The run once a plan is applied and the API server gives it back, with keys in its own order. */
const applied = (run: NeCoRun, { status }: RunPlan): NeCoRun =>
  status === undefined ? run : { ...run, status: JSON.parse(toCanonicalJson(status)) }
const ready = ({ status }: RunPlan) => findCondition(status?.conditions, 'Ready')
const platform = (facts: Partial<PlatformState>): PlatformState => ({
  ...UNBLOCKED_PLATFORM,
  ...facts,
})

describe('what is in the way', () => {
  test('is not looked for in the settings of a run that was accepted', () => {
    const accepted = applied(aRun(), planRun(observed()))
    const wrong = aRun({ references: { source: 'StudentFraction', fraction: 1e-5 } })
    const fresh = planRun(observed({ run: wrong }))
    expect(ready(fresh)).toMatchObject({ reason: 'NotAccepted' })
    const run = { ...accepted, spec: wrong.spec }
    expect(ready(planRun(observed({ run, jobs: [running] })))).toMatchObject({ reason: 'Running' })
  })

  const blocker = {
    reason: 'StorageNotConfigured',
    path: 'storage.claim',
    message: 'name a claim',
  }

  test('keeps a run from being accepted, and is looked at again', () => {
    const plan = planRun(observed({ platform: platform({ blockers: [blocker] }) }))
    expect(plan.actions).toEqual([])
    expect(plan.requeueAfterMs).toBe(30_000)
    expect(findCondition(plan.status?.conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'StorageNotConfigured',
      message: 'spec.storage.claim: name a claim',
    })
    expect(ready(plan)).toMatchObject({ status: 'False', reason: 'NotAccepted' })
  })

  test('lets the run start once it is gone', () => {
    const refused = applied(aRun(), planRefusedRun(observed(), [blocker]))
    const plan = planRun(observed({ run: refused }))
    expect(plan.actions.map(({ kind }) => kind)).toEqual(['CreateJob'])
    expect(findCondition(plan.status?.conditions, 'Accepted')?.status).toBe('True')
  })
})

describe('what a pod waits for', () => {
  const waiting = (phase: 'Schedule' | 'Pull', reason: string, message: string) =>
    aJob({ waiting: { phase, sinceMs: 5000, reason, message } })
  const started = applied(aRun(), planRun(observed()))

  test('is the reason that kubectl shows, and one warning', () => {
    const job = waiting('Schedule', 'Unschedulable', '0/3 nodes have nvidia.com/gpu')
    const plan = planRun(observed({ run: started, jobs: [job], nowMs: 6000 }))
    expect(ready(plan)).toMatchObject({
      status: 'False',
      reason: 'Unschedulable',
      message: 'training: 0/3 nodes have nvidia.com/gpu',
    })
    expect(plan.events.map(({ type, reason }) => [type, reason])).toEqual([
      ['Warning', 'Unschedulable'],
    ])
    const run = applied(started, plan)
    expect(planRun(observed({ run, jobs: [job], nowMs: 7000 }))).toEqual({
      actions: [],
      events: [],
    })
  })

  test('is reported at once when it begins and when it is over, and one reason after another once a minute', () => {
    const at = (before: NeCoRun, job: ObservedJob, nowMs: number) => {
      const plan = planRun(observed({ run: before, jobs: [job], nowMs }))
      return { run: applied(before, plan), reported: ready(plan)?.reason }
    }
    const pull = (reason: string) => waiting('Pull', reason, 'neco/trainer:none is not there')
    const unschedulable = at(started, waiting('Schedule', 'Unschedulable', 'no GPU'), 6000)
    const erring = at(unschedulable.run, pull('ErrImagePull'), 8000)
    const backingOff = at(erring.run, pull('ImagePullBackOff'), 9000)
    const running = at(backingOff.run, aJob({ state: 'Running', startedMs: 9500 }), 10_000)
    const gone = at(running.run, pull('ImagePullBackOff'), 11_000)
    expect(
      [unschedulable, erring, backingOff, running, gone].map(({ reported }) => reported),
    ).toEqual(['Unschedulable', 'ErrImagePull', undefined, 'Running', 'ImagePullBackOff'])
  })

  test('fails the run when the deadline of its phase passes, with what was in the way', () => {
    const job = waiting('Pull', 'ImagePullBackOff', 'neco/trainer:none is not there')
    const late = observed({ run: started, jobs: [job], nowMs: 5000 + 1_800_000 })
    const plan = planRun(late)
    expect(plan.actions).toEqual([{ kind: 'DeleteJob', name: 'study-a1' }])
    expect(ready(plan)).toMatchObject({
      reason: 'Deadline',
      message: 'training: deadlines.pullSeconds has passed: neco/trainer:none is not there',
    })
    expect(planRun({ ...late, nowMs: 5001 }).requeueAfterMs).toBe(1_799_999)
  })

  test.each([
    ['Queue', 'queueSeconds'],
    ['Schedule', 'scheduleSeconds'],
    ['Init', 'initSeconds'],
  ] as const)('in phase %s counts toward deadlines.%s', (phase, deadline) => {
    const run = { ...started, spec: { ...started.spec, deadlines: { [deadline]: 10 } } }
    const job = aJob({ waiting: { phase, sinceMs: 0 } })
    const plan = planRun(observed({ run, jobs: [job], nowMs: 10_000 }))
    expect(ready(plan)?.message).toBe(`training: deadlines.${deadline} has passed`)
  })
})

describe('progress', () => {
  const progress = { step: 7, totalSteps: 40, metrics: { loss: 4 } }
  const reportingPlatform = platform({ busState: 'Connected', progress })
  const started = applied(aRun(), planRun(observed({ platform: reportingPlatform })))

  test('is written once a minute, and never holds back what matters', () => {
    const first = planRun(
      observed({ run: started, jobs: [running], platform: reportingPlatform, nowMs: 2000 }),
    )
    expect(first.status).toMatchObject({ step: 7, totalSteps: 40, metrics: { loss: 4 } })
    const run = applied(started, first)
    const later = { ...reportingPlatform, progress: { ...progress, step: 9 } }
    const soon = planRun(observed({ run, jobs: [running], platform: later, nowMs: 12_000 }))
    expect([soon.status, soon.requeueAfterMs]).toEqual([undefined, 50_000])
    const due = planRun(observed({ run, jobs: [running], platform: later, nowMs: 62_000 }))
    expect(due.status?.step).toBe(9)
    const end = planRun(observed({ run, jobs: [trained], platform: later, nowMs: 13_000 }))
    expect(end.status).toMatchObject({ step: 40, metrics: { loss: 3.5 } })
  })

  test('costs a run with one attempt and one evaluation three writes beside it', () => {
    let run = aRun()
    let writes = 0
    const scenes = aJob({ name: 'study-e0-a1', state: 'Running', startedMs: 9500 })
    const seen: ObservedJob[][] = [
      [],
      [running],
      [trained],
      [trained, scenes],
      [trained, { ...scenes, state: 'Succeeded', endedMs: 9900, termination: terminationMessage }],
    ]
    for (const [i, jobs] of seen.entries()) {
      const plan = planRun(observed({ run, jobs, nowMs: 1000 * i }))
      if (plan.status !== undefined && plan.status.progressTime === run.status?.progressTime) {
        writes++
      }
      run = applied(run, plan)
    }
    expect(writes).toBe(3)
    expect(findCondition(run.status?.conditions, 'Complete')?.status).toBe('True')
  })
})

test('a run in which nothing changed is not written again, though its keys come back in another order', () => {
  const started = applied(aRun(), planRun(observed()))
  const run = applied(started, planRun(observed({ run: started, jobs: [running] })))
  const plan = planRun(observed({ run, jobs: [running], nowMs: 3_600_000 }))
  expect([plan.status, plan.actions]).toEqual([undefined, []])
})

test('a run whose training finds everything has one Job, and has succeeded when that ends', () => {
  const started = applied(aRun(), planRun(observed()))
  const result = { key: 'k', at: 1, metrics: { inContextMiou: 40 }, figures: [] }
  const found = {
    ...terminationMessage,
    reused: true,
    evaluations: [{ name: 'scenes', ...result }],
  }
  const jobs = [{ ...trained, termination: found }]
  const plan = planRun(observed({ run: started, jobs, nowMs: 10_000 }))
  expect([plan.actions, ready(plan)?.reason]).toEqual([[], 'Succeeded'])
  expect(plan.status?.evaluations).toEqual([{ name: 'scenes', ...result }])
  expect(plan.status?.tasks?.map(({ name, attempt, reused }) => [name, attempt, reused])).toEqual([
    ['training', 1, true],
    ['scenes', 0, true],
  ])
  const unnamed = { ...found, evaluations: [result] }
  const older = [{ ...trained, termination: unnamed }]
  const next = planRun(observed({ run: started, jobs: older, nowMs: 10_000 }))
  expect(next.actions).toMatchObject([
    { kind: 'CreateJob', job: { task: { kind: 'Evaluation', name: 'scenes' }, attempt: 1 } },
  ])
})

test('the bus being away is a condition of its own and stops nothing', () => {
  const started = applied(
    aRun(),
    planRun(observed({ platform: platform({ busState: 'Connected' }) })),
  )
  const plan = planRun(
    observed({
      run: started,
      jobs: [running],
      platform: platform({ busState: 'Degraded' }),
      nowMs: 2000,
    }),
  )
  expect(findCondition(plan.status?.conditions, 'BusDegraded')).toMatchObject({
    status: 'True',
    reason: 'Disconnected',
  })
  expect(plan.actions).toEqual([])
})

test('later attempts run the image that the first pod reported', () => {
  const started = applied(aRun(), planRun(observed()))
  const imageId = 'registry.example/neco@sha256:abc'
  const gone = applied(
    started,
    planRun(observed({ run: started, jobs: [{ ...running, imageId }], nowMs: 2000 })),
  )
  const lost = aJob({ state: 'Failed', cause: 'Disrupted', startedMs: 1000, endedMs: 2500 })
  const [action] = planRun(observed({ run: gone, jobs: [lost], nowMs: 3000 })).actions
  expect(action).toMatchObject({
    kind: 'CreateJob',
    job: { attempt: 2, placement: { imageId } },
  })
})
