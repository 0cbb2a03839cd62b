import { createHash } from 'node:crypto'
import type { EvaluationSettings } from '../../method/settings/evaluation.ts'
import { canonicalDigest, canonicalJson } from '../../pod/canonical-digest.ts'
import type { BackboneSettings } from '../../vision/vit/backbone-settings.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'

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

/**
 * SHA-256 of a backbone: what its forward pass does and every value, whatever file it came from.
 * Stochastic depth is left out, since an evaluation runs without it.
 */
export function computeBackboneDigest(
  { dropPathRate: _, ...shape }: BackboneSettings,
  weights: ReadonlyMap<string, WeightTensor>,
): string {
  const hash = createHash('sha256').update(canonicalJson(shape))
  for (const name of [...weights.keys()].sort()) {
    const { shape: extents, values } = weights.get(name) as WeightTensor
    hash.update(canonicalJson({ name, shape: extents }))
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }
  return hash.digest('hex')
}
