import * as z from 'zod'
import { TaskKind } from '../contract/task-address.ts'
import { conditions } from './condition.ts'
import { API_GROUP_VERSION, RUN_KIND } from './names.ts'
import { ObjectMeta } from './object-meta.ts'
import { buildImmutableFieldRules, type Rule, withRules } from './rule.ts'
import { IMMUTABLE_RUN_FIELDS, RunSpec } from './spec/run-spec.ts'

const milliseconds = z.int().min(0).max(1e15)
const metrics = z.record(z.string(), z.number())
const digest = z.string().max(64)

/** What is remembered of the attempts at one task: the training, or one evaluation. */
export const TaskStatus = z.strictObject({
  kind: TaskKind.describe('kind of the task: the training of the run, or one of its evaluations.'),
  name: z.string().max(40).describe('name is training, or the name of the evaluation.'),
  attempt: z
    .int32()
    .min(0)
    .describe(
      'attempt is the number of the newest attempt; 0 before the first, or where none was needed.',
    ),
  state: z
    .enum(['Pending', 'Running', 'Stopping', 'Succeeded', 'Failed'])
    .describe('state of the task; Stopping is waiting for a pod that was asked to end.'),
  cause: z.string().max(64).optional().describe('cause of the last failure.'),
  message: z.string().max(1500).optional().describe('message of the last attempt.'),
  retries: z.record(z.string(), z.int32()).optional().describe('retries spent, by cause.'),
  queuedMs: milliseconds
    .optional()
    .describe('queuedMs is how long its attempts have waited, suspension left out.'),
  ranMs: milliseconds
    .optional()
    .describe('ranMs is how long its attempts have run, suspension left out.'),
  warnedAttempt: z
    .int32()
    .min(1)
    .optional()
    .describe(
      'warnedAttempt is the newest attempt whose pod was asked for a checkpoint because its node goes.',
    ),
  checkpointStep: z
    .int32()
    .min(0)
    .optional()
    .describe(
      'checkpointStep is the newest complete checkpoint that was known when the newest attempt at an evaluation began beside the training; after it another may begin.',
    ),
  reused: z.boolean().optional().describe('reused says that the result was found under its key.'),
})
export type TaskStatus = z.infer<typeof TaskStatus>

export const RunStatus = z.strictObject({
  conditions,
  observedGeneration: z
    .int32()
    .min(0)
    .optional()
    .describe('observedGeneration is the generation this status was made from.'),
  runKey: digest
    .optional()
    .describe('runKey is the digest of everything that determines the result.'),
  backend: z
    .string()
    .max(512)
    .optional()
    .describe('backend is the identity of the backend that computed it.'),
  tasks: z
    .array(TaskStatus)
    .max(9)
    .optional()
    .describe('tasks are the training and each evaluation.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['kind', 'name'] }),
  evaluationParallelism: z
    .int32()
    .min(0)
    .max(8)
    .optional()
    .describe('evaluationParallelism is how many evaluators run at once, settled at the start.'),
  progressTime: z.iso
    .datetime()
    .optional()
    .describe('progressTime is when progress was last written; it is written once a minute.'),
  imageId: z
    .string()
    .max(1024)
    .optional()
    .describe('imageId is the image that the first pod reported; later attempts use it too.'),
  unshippedReports: z
    .strictObject({
      readers: z.int32().min(0).describe('readers is how many Jobs were made to fetch them.'),
    })
    .optional()
    .describe('unshippedReports is there while reports of ended pods have not all reached NATS.'),
  step: z.int32().min(0).optional().describe('step that training has reached.'),
  totalSteps: z.int32().min(0).optional().describe('totalSteps of training.'),
  metrics: metrics.optional().describe('metrics at the end of training.'),
  evaluations: z
    .array(
      z.strictObject({
        name: z.string().max(40).describe('name of the evaluation.'),
        at: z.number().describe('at is the fraction of the schedule.'),
        key: digest.describe('key under which the result lies.'),
        metrics: metrics.describe('metrics measured.'),
        figures: z
          .array(z.string().max(1024))
          .max(8)
          .optional()
          .describe('figures are paths under the storage.'),
      }),
    )
    .max(160)
    .optional()
    .describe('evaluations that are done, also while the training continues.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
})
export type RunStatus = z.infer<typeof RunStatus>

const RUN_NAME_MAX = 52
const fields = z.strictObject({
  apiVersion: z.literal(API_GROUP_VERSION),
  kind: z.literal(RUN_KIND),
  metadata: ObjectMeta,
  spec: RunSpec.describe('spec is what is asked for: one training and its evaluations.'),
  status: RunStatus.optional().describe(
    'status is what has become of it, written by the operator.',
  ),
})

const runRules: readonly Rule<z.infer<typeof fields>>[] = [
  {
    cel: `size(self.metadata.name) <= ${RUN_NAME_MAX}`,
    holds: ({ metadata }) => metadata.name.length <= RUN_NAME_MAX,
    message: `metadata.name must have at most ${RUN_NAME_MAX} characters, since names of Jobs are made from it`,
  },
]
export const runTransitions = buildImmutableFieldRules<z.infer<typeof RunSpec>>(
  IMMUTABLE_RUN_FIELDS,
  'run',
)

export const NeCoRun = withRules(fields, runRules)
export type NeCoRun = z.infer<typeof NeCoRun>
