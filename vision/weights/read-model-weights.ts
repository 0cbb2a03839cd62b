import type { FileLocation } from '../../std/files/file-source.ts'
import { type FileReference, locateFile, type Volumes } from '../../std/files/volumes.ts'
import type { BackboneSettings } from '../vit/backbone-settings.ts'
import { toCanonicalWeights } from './canonical-weights.ts'
import { readSafetensors } from './read-safetensors.ts'
import type { WeightTensor } from './weight-values.ts'
import { WeightsError } from './weights-error.ts'

export interface ModelWeights {
  /** Under our names, in the order of `parameterShapes`. */
  readonly tensors: ReadonlyMap<string, WeightTensor>
  /** Hex digest of every byte of the file. */
  readonly sha256: string
}

/**
 * Reads the backbone of a safetensors file, whichever program named its tensors. Throws
 * WeightsError.
 */
export async function readModelWeights(
  location: FileLocation,
  settings: BackboneSettings,
): Promise<ModelWeights> {
  const isWanted = (name: string) => !/head|bias_mask|\.periods$/.test(name)
  const { tensors, sha256 } = await readSafetensors(location, { isWanted })
  const file = location.files.describe(location.path)
  return { tensors: toCanonicalWeights(tensors, { settings, file }), sha256 }
}

/**
 * The weights that training starts from; undefined where the model starts from random numbers.
 * Throws WeightsError.
 */
export async function readInitialWeights(
  model: BackboneSettings & { readonly weights?: FileReference | undefined },
  volumes: Volumes,
): Promise<ModelWeights | undefined> {
  if (model.weights === undefined) return undefined
  const location = locateFile(volumes, model.weights)
  if (location !== undefined) return readModelWeights(location, model)
  throw new WeightsError({
    code: 'VolumeMissing',
    file: 'model.weights.volume',
    problem: `${model.weights.volume || 'the default volume'} is not mounted`,
    remedy: `mounted are ${Object.keys(volumes).join(', ') || 'no volumes'}`,
  })
}
