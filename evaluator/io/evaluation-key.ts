import type { EvaluationSettings } from '../../method/settings/evaluation.ts'
import { canonicalDigest } from '../../pod/canonical-digest.ts'

export interface EvaluationIdentity {
  readonly numericsVersion: number
  readonly backboneDigest: string
  readonly memoryDigest: string
  readonly validationDigest: string
  readonly settings: EvaluationSettings
}

/**
 * The key of an evaluation: all that determines its numbers. Neither the run nor the fraction of
 * the schedule is in it, so that the evaluation before training is computed once for a whole sweep.
 */
export function computeEvaluationKey(identity: EvaluationIdentity): string {
  const { numericsVersion, backboneDigest, memoryDigest, validationDigest, settings } = identity
  return canonicalDigest({
    numericsVersion,
    backbone: backboneDigest,
    memory: memoryDigest,
    validation: validationDigest,
    protocols: [...settings.protocols].sort(),
    profile: settings.profile,
    seed: settings.seed,
  })
}
