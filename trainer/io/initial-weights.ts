import { join } from 'node:path'
import type { RunConfig } from '../../contract/run-config.ts'
import { PodFailure } from '../../pod/pod-failure.ts'
import { type ModelWeights, readModelWeights } from '../../vision/weights/read-model-weights.ts'

/** The weights that training starts from; undefined when they are random. Throws VolumeMissing, WeightsError. */
export async function readPretrainedWeights({
  result: { model },
  execution: { volumes },
}: RunConfig): Promise<ModelWeights | undefined> {
  if (model.weights === undefined) return undefined
  const { volume = '', path } = model.weights
  const folder = volumes[volume]
  if (folder === undefined) {
    const message = `model.weights.volume: ${volume || 'the default volume'} is not mounted`
    throw new PodFailure(message, { code: 'VolumeMissing', reason: 'UserError' })
  }
  return readModelWeights(join(folder, path), model)
}
