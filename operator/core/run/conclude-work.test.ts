import { describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../../contract/exit-codes.ts'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import type { WorkStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { concludeWork, settledWorks, stopWork, type WorkAndJob } from './conclude-work.ts'

const spec: WorkAndJob['spec'] = { data: { kind: 'Scenes', count: 4 } }
const running: WorkStatus = { name: 'train', attempt: 1, state: 'Running' }
const words: TerminationMessage = {
  schemaVersion: 1,
  reason: 'Succeeded',
  message: 'trained',
  runKey: 'a'.repeat(64),
  backend: 'wasm',
  reused: false,
  step: 40,
  metrics: { loss: 3.5 },
  evaluations: [],
}
const aJob = (change: Partial<ObservedJob>): ObservedJob => ({
  name: 'run-a1',
  uid: 'uid-job',
  ownerUid: 'uid-run',
  state: 'Running',
  isEnding: false,
  createdMs: 1000,
  startedMs: 4000,
  ...change,
})
const conclude = (change: Partial<ObservedJob> | undefined, given: Partial<WorkAndJob> = {}) =>
  concludeWork({
    spec,
    work: running,
    job: change === undefined ? undefined : aJob(change),
    jobName: 'run-a1',
    nowMs: 9000,
    ...given,
  })

const clocks = { queuedMs: 3000, ranMs: 5000 }

describe('work whose Job', () => {
  test('succeeded is done, and its last words are the results', () => {
    const ended = { state: 'Succeeded', exitCode: 0, endedMs: 9000, termination: words } as const
    expect(conclude(ended)).toEqual({
      work: { ...running, ...clocks, state: 'Succeeded' },
      events: [],
      facts: {
        runKey: words.runKey,
        backend: 'wasm',
        step: 40,
        totalSteps: 40,
        metrics: { loss: 3.5 },
      },
    })
  })

  test('is given up while its pod is still there fails, and the Job is deleted', () => {
    const lost = { state: 'Failed', cause: 'Disrupted', message: 'NodeLost' } as const
    expect(conclude(lost)).toMatchObject({
      work: { state: 'Pending', cause: 'Disruption', ...clocks },
      deleteJob: 'run-a1',
    })
    expect(conclude({ ...lost, endedMs: 9000 })).not.toHaveProperty('deleteJob')
  })

  test('found its result under its key says so', () => {
    const termination = { ...words, reused: true }
    expect(conclude({ state: 'Succeeded', endedMs: 9000, termination }).work).toEqual({
      ...running,
      ...clocks,
      state: 'Succeeded',
      reused: true,
    })
  })

  test('found evaluations with its result names those of which every fraction is there', () => {
    const scenes = { kind: 'Scenes' as const, count: 4 }
    const evaluation = { protocols: ['InContext' as const], memory: scenes, validation: scenes }
    const evaluations = [
      { ...evaluation, name: 'whole', at: [0, 1] },
      { ...evaluation, name: 'half', at: [0, 1] },
      { ...evaluation, name: 'none', at: [1] },
    ]
    const found = (name: string, at: number) => ({ name, at, key: 'k', metrics: {}, figures: [] })
    const results = [found('whole', 0), found('whole', 1), found('half', 1), found('unknown', 1)]
    const termination = { ...words, reused: true, evaluations: results }
    const ended = { state: 'Succeeded', endedMs: 9000, termination } as const
    const training = conclude(ended, { spec: { ...spec, evaluations } })
    expect(training.facts.evaluations).toEqual([found('whole', 0), found('whole', 1)])
    const waiting = evaluations.map(({ name }) => ({
      work: { name, attempt: 0, state: 'Pending' as const },
      events: [],
      facts: {},
    }))
    expect(settledWorks([training, ...waiting])).toEqual([
      { ...running, ...clocks, state: 'Succeeded', reused: true },
      { name: 'whole', attempt: 0, state: 'Succeeded', reused: true },
      { name: 'half', attempt: 0, state: 'Pending' },
      { name: 'none', attempt: 0, state: 'Pending' },
    ])
  })

  test('succeeded without last words has no results: it is tried again', () => {
    expect(conclude({ state: 'Succeeded', exitCode: 0, endedMs: 9000 }).work).toEqual({
      ...running,
      ...clocks,
      state: 'Pending',
      cause: 'Infrastructure',
      message: 'exit code 0, but its last words are missing',
      retries: { Infrastructure: 1 },
    })
  })

  test.each([
    ['UserError', EXIT_CODES.UserError, 'Failed'],
    ['Infeasible', EXIT_CODES.Infeasible, 'Failed'],
    ['NotFinite', EXIT_CODES.NotFinite, 'Failed'],
    ['Infrastructure', EXIT_CODES.Infrastructure, 'Pending'],
    ['Disruption', EXIT_CODES.Interrupted, 'Pending'],
    ['Unexpected', EXIT_CODES.Unexpected, 'Pending'],
    ['Unexpected', 77, 'Pending'],
  ])('failed by %s (exit code %i) is %s', (cause, exitCode, state) => {
    const { work } = conclude({ state: 'Failed', exitCode, endedMs: 9000 })
    expect(work).toEqual({
      ...running,
      ...clocks,
      state,
      cause,
      message: `exit code ${exitCode}`,
      ...(state === 'Pending' ? { retries: { [cause]: 1 } } : {}),
    })
  })

  test('is gone was disrupted, unless the run is suspended', () => {
    expect(conclude(undefined).work).toMatchObject({ state: 'Pending', cause: 'Disruption' })
    const suspended = { spec: { ...spec, suspend: true } }
    expect(conclude(undefined, suspended).work).toEqual({ ...running, state: 'Pending' })
  })

  test('runs past its deadline ends with it, all attempts added up', () => {
    const given = {
      spec: { ...spec, deadlines: { trainSeconds: 10 } },
      work: { ...running, ranMs: 4000 },
    }
    expect(conclude({}, given).deadlineInMs).toBe(1000)
    expect(conclude({}, { ...given, nowMs: 10_000 })).toMatchObject({
      work: { state: 'Failed', cause: 'Deadline', ranMs: 10_000 },
      deleteJob: 'run-a1',
    })
  })
})

describe('work that is asked to stop', () => {
  const stopping = stopWork({ work: running, job: aJob({}), nowMs: 9000 })

  test('has its clocks added up once, whether its Job is seen again or not', () => {
    expect(stopping).toEqual({ ...running, ...clocks, state: 'Stopping' })
    const later = { work: stopping, nowMs: 60_000 }
    const pending = { ...stopping, state: 'Pending' }
    expect(conclude({}, later).work).toEqual(stopping)
    expect(conclude(undefined, later).work).toEqual(pending)
    expect(conclude({ state: 'Failed', exitCode: 5, endedMs: 12_000 }, later).work).toEqual(pending)
  })

  test('may still succeed in its grace time', () => {
    const ended = { state: 'Succeeded', endedMs: 12_000, termination: words } as const
    expect(conclude(ended, { work: stopping }).work).toEqual({ ...stopping, state: 'Succeeded' })
  })
})
