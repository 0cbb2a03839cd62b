import * as z from 'zod'
import { PROTOCOL_NAMES } from '../protocols.ts'
import { DatasetSettings } from './data.ts'

export const Protocol = z.enum(PROTOCOL_NAMES)

/**
 * The profile names a full set of protocol numbers: Official as published (docs/method.md §4),
 * Scenes for the small images.
 */
export const Profile = z.enum(['Official', 'Scenes'])
export type Profile = z.infer<typeof Profile>

export const evaluationFields = {
  name: z
    .string()
    .max(32)
    .regex(/^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/)
    .describe('name of the evaluation, unique in the run.'),
  protocols: z
    .array(Protocol)
    .min(1)
    .max(PROTOCOL_NAMES.length)
    .describe('protocols that share the extracted features.'),
  profile: Profile.describe('profile names the numbers of the protocols.'),
  memory: DatasetSettings.describe(
    'memory is the labeled set that is searched, and that the linear head is trained on.',
  ),
  validation: DatasetSettings.describe('validation is the labeled set that is measured.'),
  at: z
    .array(z.number().min(0).max(1))
    .min(1)
    .max(20)
    .describe('at lists the fractions of the schedule: 0 is before training, 1 after.'),
  source: z.enum(['Student', 'Teacher']).describe('source is whose backbone is measured.'),
  seed: z.int32().min(0).describe('seed of the evaluation; replicates do not touch it.'),
}
export const EvaluationSettings = z.strictObject(evaluationFields)
export type EvaluationSettings = z.infer<typeof EvaluationSettings>
