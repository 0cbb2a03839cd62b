import type { RunStatus, TaskStatus } from '../../../crds/necorun.ts'
import { buildJobName } from '../jobs/job-name.ts'
import { concludeTask, listConcludedTasks, stopTask, type TaskConclusion } from './conclude-task.ts'
import { findJobByName, type ObservedRun, type RunAction, type RunPlanDraft } from './run-plan.ts'
import { buildInitialTasks } from './task-graph.ts'

/** Takes in what became of every Job that was running. */
export function settleTasks(observed: ObservedRun): RunPlanDraft {
  const { run } = observed
  const tasks = run.status?.tasks ?? buildInitialTasks(run)
  const conclusions = tasks.map((task) => concludeObservedTask(observed, task))
  return {
    tasks: listConcludedTasks(conclusions),
    actions: conclusions.flatMap(({ deleteJob }) =>
      deleteJob === undefined ? [] : [{ kind: 'DeleteJob' as const, name: deleteJob }],
    ),
    events: conclusions.flatMap(({ events }) => events),
    statusPatch: mergeStatusPatches(run.status, conclusions),
    waitMs: conclusions.flatMap(({ deadlineInMs }) => deadlineInMs ?? []),
  }
}

function concludeObservedTask({ run, jobs, nowMs }: ObservedRun, task: TaskStatus): TaskConclusion {
  const jobName = buildJobName(run, task, task.attempt)
  const job = findJobByName(jobs, jobName)
  return concludeTask({ spec: run.spec, task, job, jobName, nowMs })
}

type MeasuredResults = NonNullable<RunStatus['evaluations']>

/**
 * Facts of the training replace; a result of an evaluation replaces the one of the same fraction,
 * else it is added.
 */
function mergeStatusPatches(
  before: RunStatus | undefined,
  conclusions: readonly TaskConclusion[],
): Partial<RunStatus> {
  const found = conclusions.flatMap(({ statusPatch }) => statusPatch.evaluations ?? [])
  const statusPatch: Partial<RunStatus> = Object.assign(
    {},
    ...conclusions.map(({ statusPatch }) => statusPatch),
  )
  if (found.length === 0) return statusPatch
  return { ...statusPatch, evaluations: mergeResults(before?.evaluations ?? [], found) }
}

const mergeResults = (before: MeasuredResults, found: MeasuredResults): MeasuredResults => {
  const entries = [...before, ...found].map((result) => {
    const key = `${result.name} ${result.at}`
    return [key, result] as const
  })
  return [...new Map(entries).values()]
}

/** Asks every running pod to end; the next attempt resumes from its checkpoint. */
export function stopTasks(draft: RunPlanDraft, { run, jobs, nowMs }: ObservedRun): RunPlanDraft {
  const actions: RunAction[] = []
  const tasks = draft.tasks.map((task) => {
    if (task.state !== 'Running') return task
    const name = buildJobName(run, task, task.attempt)
    actions.push({ kind: 'DeleteJob', name })
    return stopTask({ task, job: findJobByName(jobs, name), nowMs })
  })
  return { ...draft, tasks, actions: [...draft.actions, ...actions] }
}
