import * as z from 'zod'
import { ResultSettings } from '../method/result-settings.ts'
import { CheckpointSettings } from '../method/settings/checkpoint.ts'
import { EvaluationSettings } from '../method/settings/evaluation.ts'
import { TaskAddress } from './task-address.ts'

const seconds = z.int32().min(1).max(31_536_000).optional()

/** How a pod reaches NATS. */
const BusSettings = z.strictObject({
  servers: z.array(z.string()).min(1),
  credentialsFile: z
    .string()
    .describe('credentialsFile holds the NATS credentials of the attempt.'),
  caFile: z.string().optional().describe('caFile holds the authority that signed the server.'),
  namespace: z.string().describe('namespace of the run.'),
  runUid: z.string().describe('runUid names the run in subjects.'),
  task: TaskAddress.describe('task of the run that this pod executes.'),
})
export type BusSettings = z.infer<typeof BusSettings>

/** The half that does not: where, with what, and how patiently. */
const ExecutionSettings = z.strictObject({
  threads: z.int32().min(1).max(64),
  gracePeriodSeconds: z.int32().min(1).max(3600),
  checkpoint: CheckpointSettings,
  keepAt: z
    .array(z.number().min(0).max(1))
    .describe('keepAt lists the fractions of the schedule whose checkpoint stays until evaluated.'),
  volumes: z
    .record(z.string(), z.string())
    .describe(
      'volumes maps each volume name to the folder where the pod finds it; "" is the default.',
    ),
  storage: z
    .string()
    .describe('storage is the folder that runs, checkpoints and evaluations are kept under.'),
  reportEverySteps: z.int32().min(1),
  firstStepSeconds: seconds.describe(
    'firstStepSeconds is after how long without a first step the pod ends itself.',
  ),
  stallSeconds: seconds.describe(
    'stallSeconds is after how long without another step the pod ends itself.',
  ),
  bus: BusSettings.optional().describe('bus is where reports go; to the spool alone without it.'),
  metricsPort: z
    .int32()
    .min(1)
    .max(65_535)
    .optional()
    .describe('metricsPort is where the pod serves /metrics; nowhere when left out.'),
})

/** Who this pod is: attempt and pod UID together name it in paths, subjects and message ids. */
export const PodIdentity = z.strictObject({
  sweep: z.string().optional(),
  run: z.string(),
  attempt: z.int32().min(1),
  podUid: z.string().min(1).max(64),
})
export type PodIdentity = z.infer<typeof PodIdentity>

/** The whole configuration of a trainer or evaluator pod. */
export const RunConfig = z.strictObject({
  schemaVersion: z.literal(1),
  identity: PodIdentity,
  result: ResultSettings,
  execution: ExecutionSettings,
  evaluation: EvaluationSettings.optional().describe(
    'evaluation is set for an evaluator pod only.',
  ),
  isBesideTraining: z
    .boolean()
    .optional()
    .describe(
      'isBesideTraining is set for an evaluator pod that runs while the training continues: it measures the fractions whose checkpoint is complete, and leaves the rest.',
    ),
  evaluations: z
    .array(EvaluationSettings)
    .optional()
    .describe(
      'evaluations of the run are set for a trainer pod only, which looks for their results where that of the training is there.',
    ),
})
export type RunConfig = z.infer<typeof RunConfig>
