import type { ResultSettings } from '../method/result-settings.ts'
import { canonicalDigest } from './canonical-digest.ts'

export interface RunIdentity {
  readonly result: ResultSettings
  /** SHA-256 of the file of weights; undefined when training starts from random ones. */
  readonly weightsDigest: string | undefined
  readonly dataManifestDigest: string
}

/**
 * The key of a run: equal keys mean equal results on equal backends, whoever asked for them (64 hex
 * digits).
 */
export function computeRunKey({ result, weightsDigest, dataManifestDigest }: RunIdentity): string {
  return canonicalDigest({ result, weightsDigest: weightsDigest ?? null, dataManifestDigest })
}
