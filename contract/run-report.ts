import * as z from 'zod'

/**
 * What happened: a step of training, a durable checkpoint, a measured evaluation, or the end of the
 * pod.
 */
export const ReportKind = z.enum(['Started', 'Step', 'Checkpoint', 'Evaluation', 'Ended'])
export type ReportKind = z.infer<typeof ReportKind>

/**
 * One line a pod says. The envelope is fixed, the metrics are open (names: method/metrics.ts).
 * `sequence` counts from 1 per pod UID.
 */
export const RunReport = z.strictObject({
  schemaVersion: z.literal(1),
  run: z.string(),
  attempt: z.int32(),
  podUid: z.string(),
  sequence: z.int32().min(1),
  kind: ReportKind,
  step: z.int32().min(0),
  totalSteps: z.int32().min(0),
  imagesSeen: z.int().min(0),
  wallTime: z.iso.datetime(),
  monotonicMs: z.number(),
  metrics: z.record(z.string(), z.number()),
  message: z.string().max(1024).optional(),
})
export type RunReport = z.infer<typeof RunReport>

/** What an evaluation found at one fraction of the schedule. */
export const EvaluationResult = z.strictObject({
  name: z
    .string()
    .optional()
    .describe('name of the evaluation, where it was found by the training of its run.'),
  key: z.string(),
  at: z.number(),
  metrics: z.record(z.string(), z.number()),
  figures: z.array(z.string()).describe('figures are paths under the storage.'),
})
export type EvaluationResult = z.infer<typeof EvaluationResult>

/** Most evaluation results in the termination message of a pod. */
export const MAX_EVALUATION_RESULTS = 20

/** What a pod leaves at its end, small enough for a termination message (4 KiB). */
export const TerminationMessage = z.strictObject({
  schemaVersion: z.literal(1),
  reason: z.string(),
  message: z.string().max(1500),
  runKey: z.string().optional(),
  backend: z.string().optional(),
  /** Whether the result was found under its key and nothing was computed. */
  reused: z.boolean(),
  step: z.int32().min(0),
  metrics: z.record(z.string(), z.number()),
  evaluations: z.array(EvaluationResult).max(MAX_EVALUATION_RESULTS),
  unmeasured: z
    .array(z.number())
    .optional()
    .describe(
      'unmeasured lists the fractions that an evaluator left, as their checkpoints are not complete yet.',
    ),
})
export type TerminationMessage = z.infer<typeof TerminationMessage>
