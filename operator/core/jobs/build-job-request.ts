import type { TaskAddress } from '../../../contract/task-address.ts'
import { LABELS } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { Resources } from '../../../crds/spec/pod.ts'
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
import { buildJobName, buildReaderJobName, findEvaluationIndex } from './job-name.ts'

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

/** Where pods run; the resources are those of the entry of `evaluations`, where it is given. */
function buildPlacement({ spec, status }: NeCoRun, resources?: Resources): Placement {
  const { pod, storage, queueName } = spec
  return {
    ...omitUndefined({ pod, storage, queueName, resources, imageId: status?.imageId }),
  }
}

type EvaluationSpec = NonNullable<RunSpec['evaluations']>[number]

function buildEvaluationRequest({ resources: _, ...entry }: EvaluationSpec): EvaluationSettings {
  return {
    ...entry,
    profile: entry.profile ?? 'Official',
    source: entry.source ?? 'Student',
    seed: entry.seed ?? DEFAULTS.evaluationSeed,
  }
}

export interface JobAttempt {
  readonly task: TaskAddress
  readonly attempt: number
  /** Whether an evaluation runs beside the training. */
  readonly isBesideTraining?: boolean
}

/** The Job of one attempt: the whole configuration of its pod but what only the platform knows. */
export function buildJobRequest(
  run: NeCoRun,
  { task, attempt, isBesideTraining = false }: JobAttempt,
): JobRequest {
  const { evaluations = [] } = run.spec
  const entry =
    task.kind === 'Training' ? undefined : evaluations[findEvaluationIndex(run, task.name)]
  const { name, namespace = 'default', uid = '', labels } = run.metadata
  const sweep = labels?.[LABELS.sweep]
  return {
    name: buildJobName(run, task, attempt),
    namespace,
    owner: { name, uid },
    task: { kind: task.kind, name: task.name },
    attempt,
    program: task.kind === 'Training' ? 'trainer' : 'evaluator',
    ...omitUndefined({ sweep }),
    result: resolve(run.spec),
    execution: buildExecutionRequest(run.spec),
    ...(entry === undefined ? {} : { evaluation: buildEvaluationRequest(entry) }),
    ...(isBesideTraining ? { isBesideTraining } : {}),
    evaluations: evaluations.map(buildEvaluationRequest),
    placement: buildPlacement(run, entry?.resources),
  }
}

/** The n-th Job that ships what ended pods of a run left. */
export function buildReaderRequest(run: NeCoRun, number: number): ReaderRequest {
  const { name, namespace = 'default', uid = '', labels } = run.metadata
  const sweep = labels?.[LABELS.sweep]
  const { runKey } = run.status ?? {}
  // No reader waits for GPUs in the queue of the run.
  const { queueName: _queueName, ...placement } = buildPlacement(run)
  return {
    name: buildReaderJobName(name, number),
    namespace,
    owner: { name, uid },
    ...omitUndefined({ sweep }),
    runKeys: runKey === undefined ? [] : [runKey],
    placement,
  }
}
