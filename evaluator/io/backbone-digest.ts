import { createHash } from 'node:crypto'
import { canonicalJson } from '../../pod/canonical-digest.ts'
import type { BackboneSettings } from '../../vision/vit/backbone-settings.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'

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
