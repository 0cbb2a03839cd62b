import { canonicalDigest } from '../pod/canonical-digest.ts'
import { assignValues } from '../vision/ops/tensor-values.ts'
import { parameterValues } from '../vision/vit/build-parameters.ts'
import { encodeSafetensors } from '../vision/weights/encode-safetensors.ts'
import type { SafetensorsFile } from '../vision/weights/read-safetensors.ts'
import type { WeightTensor } from '../vision/weights/weight-values.ts'
import { extractBackbone } from './classifier.ts'
import type { PretrainSettings } from './pretrain-settings.ts'
import type { PretrainState } from './train-step.ts'

/** The checkpoint that a pre-training resumes from bit for bit: parameters, moments and step. */
export function encodeState(state: PretrainState, settings: PretrainSettings): Uint8Array {
  const tensors = new Map<string, WeightTensor>()
  for (const [group, variables] of listVariableGroups(state)) {
    for (const [name, tensor] of parameterValues(variables)) tensors.set(`${group}/${name}`, tensor)
  }
  const metadata = { step: String(state.step), settings: canonicalDigest(settings) }
  return Buffer.concat([...encodeSafetensors(tensors, metadata)])
}

/**
 * Puts a state that was read back in place of a fresh one of the same settings. False, with nothing
 * changed, when it belongs to other settings.
 */
export function restoreState(
  state: PretrainState,
  settings: PretrainSettings,
  { tensors, metadata }: SafetensorsFile,
): boolean {
  if (metadata['settings'] !== canonicalDigest(settings)) return false
  for (const [group, variables] of listVariableGroups(state)) {
    for (const [name, variable] of variables) {
      const saved = tensors.get(`${group}/${name}`)
      if (saved === undefined) return false
      assignValues(variable, saved.values)
    }
  }
  state.step = Number(metadata['step'])
  return true
}

/** The backbone as a file of weights, with a word on where it comes from. */
export function encodeBackbone(state: PretrainState, settings: PretrainSettings): Uint8Array {
  const metadata = {
    model: JSON.stringify(settings.backbone),
    origin: `npm run pretrain -- --steps ${settings.steps} --seed ${settings.seed}`,
    license: 'Apache-2.0',
  }
  return Buffer.concat([
    ...encodeSafetensors(parameterValues(extractBackbone(state.classifier)), metadata),
  ])
}

function listVariableGroups({ classifier, firstMoments, secondMoments }: PretrainState) {
  return [
    ['classifier', classifier],
    ['first', firstMoments],
    ['second', secondMoments],
  ] as const
}
