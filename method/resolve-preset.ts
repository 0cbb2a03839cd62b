import { NUMERICS_VERSION, ResultSettings } from '../contract/run-config.ts'
import type { RunSpec } from '../crds/spec/run-spec.ts'
import { ARCHITECTURES } from './architectures.ts'
import { mergeSettings, withValueAt } from './merge-settings.ts'
import { COMMON_SETTINGS, DISAGREEMENTS, OFFICIAL_DINO_V1 } from './presets.ts'
import type { ModelSettings, ViTFamily } from './settings/model.ts'

const DEFAULT_ARCHITECTURE = 'ViT-S/14'

const withValues = <T>(settings: T, values: Readonly<Record<string, unknown>>): T =>
  Object.entries(values).reduce((tree, [path, value]) => withValueAt(tree, path, value), settings)

/** Settings of the preset for a family of backbone, before anything of the spec. */
function buildPresetSettings(
  preset: 'Official' | 'Paper',
  family: ViTFamily,
): typeof COMMON_SETTINGS {
  const key = preset === 'Official' ? 'official' : 'paper'
  const settled = DISAGREEMENTS.reduce(
    (settings, disagreement) => withValues(settings, disagreement[key]),
    COMMON_SETTINGS,
  )
  if (family === 'DinoV1') {
    const plain = withValueAt(settled, 'model.registers', 0)
    return preset === 'Official' ? withValues(plain, OFFICIAL_DINO_V1) : plain
  }
  return family === 'DinoV3' ? withValueAt(settled, 'model.registers', 4) : settled
}

/** A fraction given in the spec, or a preset's, counts only where the source uses it; so the digest does not see what changes nothing. */
function clearUnusedReferences(settings: ResultSettings): ResultSettings {
  const { references } = settings
  const usesFraction = references.source === 'StudentFraction'
  const usesQueue = references.source === 'TeacherQueue'
  return {
    ...settings,
    references: {
      ...references,
      fraction: usesFraction ? references.fraction : 0,
      queueLength: usesQueue ? references.queueLength : 2,
    },
  }
}

/**
 * Fills everything a run leaves open: architecture, then preset, then what the spec says, which always wins.
 */
export function resolvePreset(spec: RunSpec): ResultSettings {
  const { architecture = DEFAULT_ARCHITECTURE, ...model } = spec.model ?? {}
  const shape = { ...ARCHITECTURES[architecture], ...omitUndefinedFields(model) } as ModelSettings
  const settled = buildPresetSettings(spec.preset ?? 'Official', shape.family)
  const resolved = mergeSettings(
    { ...settled, model: { ...settled.model, ...ARCHITECTURES[architecture] } },
    {
      model,
      views: spec.views,
      references: spec.references,
      loss: spec.loss,
      optimizer: spec.optimizer,
    },
  ) as ResultSettings
  return clearUnusedReferences(
    ResultSettings.parse({
      ...resolved,
      numericsVersion: NUMERICS_VERSION,
      data: spec.data,
      seed: spec.seed ?? COMMON_SETTINGS.seed,
    }),
  )
}

const omitUndefinedFields = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))
