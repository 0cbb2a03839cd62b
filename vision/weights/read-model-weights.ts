import type { BackboneSettings } from '../vit/backbone-settings.ts'
import { toCanonicalWeights } from './canonical-weights.ts'
import { readSafetensors } from './read-safetensors.ts'
import type { WeightTensor } from './weight-values.ts'

export interface ModelWeights {
  /** Under our names, in the order of `parameterShapes`. */
  readonly tensors: ReadonlyMap<string, WeightTensor>
  /** Hex digest of every byte of the file. */
  readonly sha256: string
}

/** Reads the backbone of a safetensors file, whichever program named its tensors. Throws WeightsError. */
export async function readModelWeights(
  path: string,
  settings: BackboneSettings,
): Promise<ModelWeights> {
  const isWanted = (name: string) => !/head|bias_mask|\.periods$/.test(name)
  const { tensors, sha256 } = await readSafetensors(path, { isWanted })
  return { tensors: toCanonicalWeights(tensors, { settings, file: path }), sha256 }
}
