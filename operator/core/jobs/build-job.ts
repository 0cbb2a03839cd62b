import { LABELS } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { resolvePreset } from '../../../method/resolve-preset.ts'
import type { EvaluationSettings } from '../../../method/settings/evaluation.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type {
  ExecutionRequest,
  JobRequest,
  Placement,
  ReaderRequest,
} from '../../ports/job-request.ts'
import { jobName, readerName, type WorkIndex } from './job-name.ts'

const DEFAULTS = {
  everySteps: 200,
  keep: 2,
  gracePeriodSeconds: 30,
  reportEverySteps: 1,
  evaluationSeed: 0,
} as const

/** Fractions whose checkpoint must stay until it is evaluated. */
const keptFractions = ({ evaluations = [] }: RunSpec): number[] =>
  [...new Set(evaluations.flatMap(({ at }) => at))].filter((at) => at > 0).sort((a, b) => a - b)

const executionOf = (spec: RunSpec): ExecutionRequest => ({
  backend: spec.backend ?? 'Auto',
  threads: spec.threads ?? 1,
  gracePeriodSeconds: spec.pod?.gracePeriodSeconds ?? DEFAULTS.gracePeriodSeconds,
  checkpoint: {
    everySteps: spec.checkpoint?.everySteps ?? DEFAULTS.everySteps,
    keep: spec.checkpoint?.keep ?? DEFAULTS.keep,
  },
  keepAt: keptFractions(spec),
  reportEverySteps: DEFAULTS.reportEverySteps,
  ...omitUndefined({
    firstStepSeconds: spec.deadlines?.firstStepSeconds,
    stallSeconds: spec.deadlines?.stallSeconds,
  }),
})

function placementOf({ spec, status }: NeCoRun, work: WorkIndex): Placement {
  const { pod, storage, queueName, evaluations = [] } = spec
  const resources = work === 'train' ? undefined : evaluations[work]?.resources
  return {
    ...omitUndefined({ pod, storage, queueName, resources, imageId: status?.imageId }),
  }
}

function evaluationOf(spec: RunSpec, index: number): EvaluationSettings {
  const found = spec.evaluations?.[index]
  if (found === undefined) throw new RangeError(`the run has no evaluation ${index}`)
  const { resources: _placed, ...entry } = found
  return {
    ...entry,
    profile: entry.profile ?? 'Official',
    source: entry.source ?? 'Student',
    seed: entry.seed ?? DEFAULTS.evaluationSeed,
  }
}

export interface JobOf {
  readonly work: WorkIndex
  readonly workName: string
  readonly attempt: number
}

/** The Job of one attempt: everything its pod is told but what only the home knows. */
export function buildJob(run: NeCoRun, { work, workName, attempt }: JobOf): JobRequest {
  const { name, namespace = 'default', uid = '', labels } = run.metadata
  const sweep = labels?.[LABELS.sweep]
  return {
    name: jobName(name, work, attempt),
    namespace,
    owner: { name, uid },
    work: workName,
    attempt,
    program: work === 'train' ? 'trainer' : 'evaluator',
    ...omitUndefined({ sweep }),
    result: resolvePreset(run.spec),
    execution: executionOf(run.spec),
    ...(work === 'train' ? {} : { evaluation: evaluationOf(run.spec, work) }),
    evaluations: (run.spec.evaluations ?? []).map((_, index) => evaluationOf(run.spec, index)),
    placement: placementOf(run, work),
  }
}

/** The n-th Job that ships what ended pods of a run left. */
export function buildReader(run: NeCoRun, number: number): ReaderRequest {
  const { name, namespace = 'default', uid = '', labels } = run.metadata
  const sweep = labels?.[LABELS.sweep]
  const { runKey } = run.status ?? {}
  // No reader waits for GPUs in the queue of the run.
  const { queueName: _queued, ...placement } = placementOf(run, 'train')
  return {
    name: readerName(name, number),
    namespace,
    owner: { name, uid },
    ...omitUndefined({ sweep }),
    runKeys: runKey === undefined ? [] : [runKey],
    placement,
  }
}
