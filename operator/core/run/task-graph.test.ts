import { describe, expect, test } from 'vitest'
import type { TaskStatus } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { buildInitialTasks, findCurrentTask, listDueTasks } from './task-graph.ts'

const scenes = { kind: 'Scenes' as const, count: 4 }
const anEvaluation = (name: string, at: number[]) => ({
  name,
  protocols: ['InContext' as const],
  memory: scenes,
  validation: scenes,
  at,
})
const evaluations = [
  anEvaluation('halves', [0, 0.5, 1]),
  anEvaluation('quarters', [0.25, 0.75]),
  anEvaluation('ends', [0, 1]),
] satisfies RunSpec['evaluations']

/** The tasks of the run in these states; the training is first. */
const inStates = (...states: TaskStatus['state'][]): TaskStatus[] =>
  buildInitialTasks({ spec: { data: scenes, evaluations } }).map((task, position) => ({
    ...task,
    state: states[position] ?? 'Pending',
  }))
const dueIn = (change: Partial<Parameters<typeof listDueTasks>[0]>) =>
  listDueTasks({
    evaluations,
    tasks: inStates('Running'),
    measured: [],
    checkpoint: undefined,
    parallelism: 8,
    ...change,
  })
const at = (step: number) => ({ step, totalSteps: 40 })

describe('a task is due', () => {
  test('at once where it is the training', () => {
    expect(dueIn({ tasks: inStates() })).toEqual([{ position: 0 }])
  })

  test('beside the training once the checkpoint of a fraction inside the schedule is complete', () => {
    expect(dueIn({ checkpoint: undefined })).toEqual([])
    expect(dueIn({ checkpoint: at(9) })).toEqual([])
    expect(dueIn({ checkpoint: at(10) })).toEqual([{ position: 2, checkpointStep: 10 }])
    expect(dueIn({ checkpoint: at(25) })).toEqual([
      { position: 1, checkpointStep: 25 },
      { position: 2, checkpointStep: 25 },
    ])
  })

  test('again only for a fraction that has not been measured, and never for the ends of the schedule', () => {
    const measured = [
      { name: 'halves', at: 0.5 },
      { name: 'quarters', at: 0.25 },
    ]
    expect(dueIn({ checkpoint: at(29), measured })).toEqual([])
    expect(dueIn({ checkpoint: at(40), measured })).toEqual([{ position: 2, checkpointStep: 40 }])
  })

  test('after the next checkpoint where its last attempt passed a fraction over', () => {
    const tasks = inStates('Running').map((task) => ({ ...task, checkpointStep: 10 }))
    expect(dueIn({ checkpoint: at(10), tasks })).toEqual([])
    expect(dueIn({ checkpoint: at(12), tasks })).toEqual([{ position: 2, checkpointStep: 12 }])
  })

  test('whatever is measured, once the training has succeeded', () => {
    const tasks = inStates('Succeeded', 'Pending', 'Succeeded').map((task) => ({
      ...task,
      checkpointStep: 40,
    }))
    expect(dueIn({ tasks, checkpoint: at(40) })).toEqual([{ position: 1 }, { position: 3 }])
  })
})

describe('evaluations at once', () => {
  test('are as many as the parallelism says, those that end counted', () => {
    const checkpoint = at(25)
    expect(dueIn({ checkpoint, parallelism: 1 })).toEqual([{ position: 1, checkpointStep: 25 }])
    for (const state of ['Running', 'Stopping'] as const) {
      const tasks = inStates('Running', state)
      expect(dueIn({ checkpoint, tasks, parallelism: 1 })).toEqual([])
    }
  })

  test('are none beside the training with 0, and one after the other when it has succeeded', () => {
    expect(dueIn({ checkpoint: at(25), parallelism: 0 })).toEqual([])
    const dueAfter = (...states: TaskStatus['state'][]) =>
      dueIn({ tasks: inStates('Succeeded', ...states), parallelism: 0 })
    expect(dueAfter()).toEqual([{ position: 1 }])
    expect(dueAfter('Running')).toEqual([])
    expect(dueAfter('Succeeded')).toEqual([{ position: 2 }])
  })
})

describe('the task that says how a run is going', () => {
  test.each([
    ['the training, while evaluations run beside it', ['Running', 'Running'], 'training'],
    ['the evaluation that runs', ['Succeeded', 'Pending', 'Running'], 'quarters'],
    ['the next one where none runs', ['Succeeded', 'Succeeded'], 'quarters'],
    ['none where all have succeeded', Array(4).fill('Succeeded'), undefined],
  ] as [string, TaskStatus['state'][], string | undefined][])('is %s', (_what, states, name) => {
    expect(findCurrentTask(inStates(...states))?.name).toBe(name)
  })
})
