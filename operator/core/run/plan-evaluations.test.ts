import { describe, expect, test } from 'vitest'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import { API_GROUP_VERSION, RUN_KIND } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { findCondition } from '../conditions.ts'
import { type PlatformState, UNBLOCKED_PLATFORM } from '../platform-state.ts'
import { planRun } from './plan-run.ts'
import type { RunAction } from './run-plan.ts'

const scenes = { kind: 'Scenes' as const, count: 4 }
const anEvaluation = (name: string, at: number[]) => ({
  name,
  protocols: ['InContext' as const],
  memory: scenes,
  validation: scenes,
  at,
})
const FRACTIONS = [0, 0.5, 1]

/** A run whose plans are applied one after another to the same world. */
function startRun(spec: Partial<NeCoRun['spec']> = {}) {
  const evaluations = [anEvaluation('training', FRACTIONS)]
  let run: NeCoRun = {
    apiVersion: API_GROUP_VERSION,
    kind: RUN_KIND,
    metadata: { name: 'study', namespace: 'default', uid: 'uid', generation: 1 },
    spec: { data: scenes, evaluations, evaluationParallelism: 1, ...spec },
  }
  const jobs = new Map<string, ObservedJob>()
  const apply = (action: RunAction): string => {
    if (action.kind === 'DeleteJob') {
      jobs.delete(action.name)
      return `delete ${action.name}`
    }
    if (action.kind !== 'CreateJob') return action.kind
    const { name, isBesideTraining } = action.job
    const isRunning = { state: 'Running', isEnding: false, createdMs: 0, startedMs: 0 } as const
    jobs.set(name, { name, uid: name, ownerUid: 'uid', ...isRunning })
    return isBesideTraining === true ? `${name} beside the training` : name
  }
  return {
    plan(platform: Partial<PlatformState> = {}): string[] {
      const state = { ...UNBLOCKED_PLATFORM, ...platform }
      const plan = planRun({ run, jobs: [...jobs.values()], platform: state, nowMs: 1000 })
      if (plan.status !== undefined) run = { ...run, status: plan.status }
      return plan.actions.map(apply)
    },
    end(name: string, change: Partial<ObservedJob>) {
      const job = jobs.get(name)
      if (job !== undefined) jobs.set(name, { ...job, endedMs: 1000, ...change })
    },
    edit(change: Partial<NeCoRun['spec']>) {
      run = { ...run, spec: { ...run.spec, ...change } }
    },
    tasks: () =>
      (run.status?.tasks ?? []).map(
        ({ kind, name, state, attempt }) => `${kind} ${name} ${state} ${attempt}`,
      ),
    measured: () => (run.status?.evaluations ?? []).map(({ name, at }) => `${name} ${at}`),
    ready: () => findCondition(run.status?.conditions, 'Ready'),
    parallelism: () => run.status?.evaluationParallelism,
  }
}

const measured = (...fractions: number[]): Partial<ObservedJob> => {
  const unmeasured = FRACTIONS.filter((at) => !fractions.includes(at))
  const termination: TerminationMessage = {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: 'evaluated',
    reused: false,
    step: 20,
    metrics: {},
    evaluations: fractions.map((at) => ({ key: `key-${at}`, at, metrics: {}, figures: [] })),
    ...(unmeasured.length === 0 ? {} : { unmeasured }),
  }
  return { state: 'Succeeded', exitCode: 0, termination }
}
const TRAINED: Partial<ObservedJob> = {
  ...measured(...FRACTIONS),
  termination: { ...measured(...FRACTIONS).termination, evaluations: [] } as TerminationMessage,
}
const halfway = { checkpoint: { step: 20, totalSteps: 40 } }

describe('a task of an evaluation beside the training', () => {
  test('measures what is complete, waits, and measures the rest when the training has succeeded', () => {
    const run = startRun()
    expect(run.plan()).toEqual(['study-a1'])
    expect(run.plan({ checkpoint: { step: 19, totalSteps: 40 } })).toEqual([])
    expect(run.plan(halfway)).toEqual(['study-e0-a1 beside the training'])
    expect(run.plan(halfway)).toEqual([])
    run.end('study-e0-a1', measured(0, 0.5))
    expect(run.plan(halfway)).toEqual([])
    expect(run.measured()).toEqual(['training 0', 'training 0.5'])
    expect(run.tasks()).toEqual(['Training training Running 1', 'Evaluation training Pending 1'])
    run.end('study-a1', TRAINED)
    expect(run.plan(halfway)).toEqual(['study-e0-a2'])
    run.end('study-e0-a2', measured(0, 0.5, 1))
    expect(run.plan()).toEqual([])
    expect(run.measured()).toEqual(['training 0', 'training 0.5', 'training 1'])
    expect(run.tasks()).toEqual([
      'Training training Succeeded 1',
      'Evaluation training Succeeded 2',
    ])
    expect(run.ready()?.reason).toBe('Succeeded')
  })

  test('that found nothing to measure is no failure, and begins again after the next checkpoint alone', () => {
    const run = startRun()
    run.plan()
    run.plan(halfway)
    run.end('study-e0-a1', measured())
    expect([run.plan(halfway), run.plan(halfway)]).toEqual([[], []])
    const later = { checkpoint: { step: 24, totalSteps: 40 } }
    expect(run.plan(later)).toEqual(['study-e0-a2 beside the training'])
  })

  test('is tried again at once where its pod was lost', () => {
    const run = startRun()
    run.plan()
    run.plan(halfway)
    run.end('study-e0-a1', { state: 'Failed', cause: 'Disrupted' })
    expect(run.plan(halfway)).toEqual(['study-e0-a2 beside the training'])
  })

  test('goes on while the training is tried again', () => {
    const run = startRun()
    run.plan()
    run.plan(halfway)
    run.end('study-a1', { state: 'Failed', cause: 'Disrupted' })
    expect(run.plan(halfway)).toEqual(['study-a2'])
    expect(run.tasks()).toEqual(['Training training Running 2', 'Evaluation training Running 1'])
  })

  test('stops with its run when that is suspended, and begins again with it', () => {
    const run = startRun()
    run.plan()
    run.plan(halfway)
    run.edit({ suspend: true })
    expect(run.plan(halfway)).toEqual(['delete study-a1', 'delete study-e0-a1'])
    expect(run.plan(halfway)).toEqual([])
    run.edit({ suspend: false })
    expect(run.plan(halfway)).toEqual(['study-a2', 'study-e0-a2 beside the training'])
  })

  test.each([
    { failed: 'study-e0-a1', stopped: 'study-a1', task: 'evaluation training' },
    { failed: 'study-a1', stopped: 'study-e0-a1', task: 'training' },
  ])('fails its run and stops $stopped when $failed has failed', ({ failed, stopped, task }) => {
    const run = startRun()
    run.plan()
    run.plan(halfway)
    run.end(failed, { state: 'Failed', exitCode: 2 })
    expect(run.plan(halfway)).toEqual([`delete ${stopped}`])
    expect(run.ready()).toMatchObject({ reason: 'UserError', message: `${task}: exit code 2` })
  })
})

describe('the number of evaluators', () => {
  test('is settled at the start: by the run, else by its platform, else none beside the training', () => {
    const settle = (spec: Partial<NeCoRun['spec']>, platform: Partial<PlatformState>) => {
      const run = startRun({ evaluationParallelism: undefined, ...spec })
      run.plan(platform)
      run.plan({ defaultEvaluationParallelism: 5 })
      return run.parallelism()
    }
    const cluster = { defaultEvaluationParallelism: 1 }
    expect(settle({ evaluationParallelism: 0 }, cluster)).toBe(0)
    expect(settle({ evaluationParallelism: 3 }, cluster)).toBe(3)
    expect(settle({}, cluster)).toBe(1)
    expect(settle({}, {})).toBe(0)
  })
})
