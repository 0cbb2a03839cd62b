import { describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../../contract/exit-codes.ts'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import type { TaskStatus } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { concludeTask, listConcludedTasks, type ObservedTask, stopTask } from './conclude-task.ts'

const spec: ObservedTask['spec'] = { data: { kind: 'Scenes', count: 4 } }
const running: TaskStatus = { kind: 'Training', name: 'training', attempt: 1, state: 'Running' }
const terminationMessage: TerminationMessage = {
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
const conclude = (change: Partial<ObservedJob> | undefined, given: Partial<ObservedTask> = {}) =>
  concludeTask({
    spec,
    task: running,
    job: change === undefined ? undefined : aJob(change),
    jobName: 'run-a1',
    nowMs: 9000,
    ...given,
  })

const clocks = { queuedMs: 3000, ranMs: 5000 }

describe('a task whose Job', () => {
  test('succeeded is done, and its termination message is the result', () => {
    const ended = {
      state: 'Succeeded',
      exitCode: 0,
      endedMs: 9000,
      termination: terminationMessage,
    } as const
    expect(conclude(ended)).toEqual({
      task: { ...running, ...clocks, state: 'Succeeded' },
      events: [],
      statusPatch: {
        runKey: terminationMessage.runKey,
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
      task: { state: 'Pending', cause: 'Disruption', ...clocks },
      deleteJob: 'run-a1',
    })
    expect(conclude({ ...lost, endedMs: 9000 })).not.toHaveProperty('deleteJob')
  })

  test('found its result under its key says so', () => {
    const termination = { ...terminationMessage, reused: true }
    expect(conclude({ state: 'Succeeded', endedMs: 9000, termination }).task).toEqual({
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
    const termination = { ...terminationMessage, reused: true, evaluations: results }
    const ended = { state: 'Succeeded', endedMs: 9000, termination } as const
    const training = conclude(ended, { spec: { ...spec, evaluations } })
    expect(training.statusPatch.evaluations).toEqual([found('whole', 0), found('whole', 1)])
    const waiting = evaluations.map(({ name }) => ({
      task: { kind: 'Evaluation' as const, name, attempt: 0, state: 'Pending' as const },
      events: [],
      statusPatch: {},
    }))
    expect(listConcludedTasks([training, ...waiting])).toEqual([
      { ...running, ...clocks, state: 'Succeeded', reused: true },
      { kind: 'Evaluation', name: 'whole', attempt: 0, state: 'Succeeded', reused: true },
      { kind: 'Evaluation', name: 'half', attempt: 0, state: 'Pending' },
      { kind: 'Evaluation', name: 'none', attempt: 0, state: 'Pending' },
    ])
  })

  test('succeeded without a termination message has no results: it is tried again', () => {
    expect(conclude({ state: 'Succeeded', exitCode: 0, endedMs: 9000 }).task).toEqual({
      ...running,
      ...clocks,
      state: 'Pending',
      cause: 'Infrastructure',
      message: 'exit code 0, but its termination message is missing',
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
    const { task } = conclude({ state: 'Failed', exitCode, endedMs: 9000 })
    expect(task).toEqual({
      ...running,
      ...clocks,
      state,
      cause,
      message: `exit code ${exitCode}`,
      ...(state === 'Pending' ? { retries: { [cause]: 1 } } : {}),
    })
  })

  test('is gone was disrupted, unless the run is suspended', () => {
    expect(conclude(undefined).task).toMatchObject({ state: 'Pending', cause: 'Disruption' })
    const suspended = { spec: { ...spec, suspend: true } }
    expect(conclude(undefined, suspended).task).toEqual({ ...running, state: 'Pending' })
  })

  test('runs past its deadline ends with it, all attempts added up', () => {
    const given = {
      spec: { ...spec, deadlines: { trainSeconds: 10 } },
      task: { ...running, ranMs: 4000 },
    }
    expect(conclude({}, given).deadlineInMs).toBe(1000)
    expect(conclude({}, { ...given, nowMs: 10_000 })).toMatchObject({
      task: { state: 'Failed', cause: 'Deadline', ranMs: 10_000 },
      deleteJob: 'run-a1',
    })
  })
})

describe('a task that is asked to stop', () => {
  const stopping = stopTask({ task: running, job: aJob({}), nowMs: 9000 })

  test('has its clocks added up once, whether its Job is seen again or not', () => {
    expect(stopping).toEqual({ ...running, ...clocks, state: 'Stopping' })
    const later = { task: stopping, nowMs: 60_000 }
    const pending = { ...stopping, state: 'Pending' }
    expect(conclude({}, later).task).toEqual(stopping)
    expect(conclude(undefined, later).task).toEqual(pending)
    expect(conclude({ state: 'Failed', exitCode: 5, endedMs: 12_000 }, later).task).toEqual(pending)
  })

  test('may still succeed in its grace time', () => {
    const ended = { state: 'Succeeded', endedMs: 12_000, termination: terminationMessage } as const
    expect(conclude(ended, { task: stopping }).task).toEqual({ ...stopping, state: 'Succeeded' })
  })
})
