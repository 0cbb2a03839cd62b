import { LABELS } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { resolve } from '../../../method/resolve.ts'
import type { EvaluationSettings } from '../../../method/settings/evaluation.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type {
  ExecutionRequest,
  JobRequest,
  Placement,
  ReaderRequest,
} from '../../ports/job-request.ts'
import { buildJobName, buildReaderJobName, type TaskIndex } from './job-name.ts'

const DEFAULTS = {
  everySteps: 200,
  keep: 2,
  gracePeriodSeconds: 30,
  reportEverySteps: 1,
  evaluationSeed: 0,
} as const

/** Fractions whose checkpoint must stay until it is evaluated. */
const listRetainedFractions = ({ evaluations = [] }: RunSpec): number[] =>
  [...new Set(evaluations.flatMap(({ at }) => at))].filter((at) => at > 0).sort((a, b) => a - b)

const buildExecutionRequest = (spec: RunSpec): ExecutionRequest => ({
  threads: spec.threads ?? 1,
  gracePeriodSeconds: spec.pod?.gracePeriodSeconds ?? DEFAULTS.gracePeriodSeconds,
  checkpoint: {
    everySteps: spec.checkpoint?.everySteps ?? DEFAULTS.everySteps,
    keep: spec.checkpoint?.keep ?? DEFAULTS.keep,
  },
  keepAt: listRetainedFractions(spec),
  reportEverySteps: DEFAULTS.reportEverySteps,
  ...omitUndefined({
    firstStepSeconds: spec.deadlines?.firstStepSeconds,
    stallSeconds: spec.deadlines?.stallSeconds,
  }),
})

function buildPlacement({ spec, status }: NeCoRun, taskIndex: TaskIndex): Placement {
  const { pod, storage, queueName, evaluations = [] } = spec
  const resources = taskIndex === 'train' ? undefined : evaluations[taskIndex]?.resources
  return {
    ...omitUndefined({ pod, storage, queueName, resources, imageId: status?.imageId }),
  }
}

function buildEvaluationRequest(spec: RunSpec, index: number): EvaluationSettings {
  const evaluation = spec.evaluations?.[index]
  if (evaluation === undefined) throw new RangeError(`the run has no evaluation ${index}`)
  const { resources: _resources, ...entry } = evaluation
  return {
    ...entry,
    profile: entry.profile ?? 'Official',
    source: entry.source ?? 'Student',
    seed: entry.seed ?? DEFAULTS.evaluationSeed,
  }
}

export interface JobAttempt {
  readonly taskIndex: TaskIndex
  readonly taskName: string
  readonly attempt: number
}

/** The Job of one attempt: everything its pod is told but what only the home knows. */
export function buildJobRequest(
  run: NeCoRun,
  { taskIndex, taskName, attempt }: JobAttempt,
): JobRequest {
  const { name, namespace = 'default', uid = '', labels } = run.metadata
  const sweep = labels?.[LABELS.sweep]
  return {
    name: buildJobName(name, taskIndex, attempt),
    namespace,
    owner: { name, uid },
    task: taskName,
    attempt,
    program: taskIndex === 'train' ? 'trainer' : 'evaluator',
    ...omitUndefined({ sweep }),
    result: resolve(run.spec),
    execution: buildExecutionRequest(run.spec),
    ...(taskIndex === 'train' ? {} : { evaluation: buildEvaluationRequest(run.spec, taskIndex) }),
    evaluations: (run.spec.evaluations ?? []).map((_, index) =>
      buildEvaluationRequest(run.spec, index),
    ),
    placement: buildPlacement(run, taskIndex),
  }
}

/** The n-th Job that ships what ended pods of a run left. */
export function buildReaderRequest(run: NeCoRun, number: number): ReaderRequest {
  const { name, namespace = 'default', uid = '', labels } = run.metadata
  const sweep = labels?.[LABELS.sweep]
  const { runKey } = run.status ?? {}
  // No reader waits for GPUs in the queue of the run.
  const { queueName: _queueName, ...placement } = buildPlacement(run, 'train')
  return {
    name: buildReaderJobName(name, number),
    namespace,
    owner: { name, uid },
    ...omitUndefined({ sweep }),
    runKeys: runKey === undefined ? [] : [runKey],
    placement,
  }
}
