import { omitUndefined } from '../std/omit-undefined.ts'
import { ARCHITECTURES } from './architectures.ts'
import type { GivenSettings } from './given-settings.ts'
import { mergeSettings, withValueAt } from './merge-settings.ts'
import { COMMON_SETTINGS, DISAGREEMENTS, OFFICIAL_DINO_V1, type Preset } from './presets.ts'
import { NUMERICS_VERSION, ResultSettings } from './result-settings.ts'
import type { ViTFamily } from './settings/model.ts'
import { sortReferenceFields } from './settings-problems.ts'

const DEFAULT_ARCHITECTURE = 'ViT-S/14'

const withValues = <T>(settings: T, values: Readonly<Record<string, unknown>>): T =>
  Object.entries(values).reduce((tree, [path, value]) => withValueAt(tree, path, value), settings)

/** Settings of the preset for a family of backbone, before anything of the spec. */
function buildPresetSettings(preset: Preset, family: ViTFamily): typeof COMMON_SETTINGS {
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

/**
 * Without the values of the preset that the source of references does not read, so that the digest
 * does not see what changes nothing. Given ones stay: settingsProblems refuses what is not obeyed.
 */
function dropUnusedPresetReferences(
  references: ResultSettings['references'],
  given: GivenSettings['references'] = {},
): ResultSettings['references'] {
  const dropped: readonly string[] = sortReferenceFields(references.source).unused.filter(
    (field) => given[field] === undefined,
  )
  return Object.fromEntries(
    Object.entries(references).filter(([field]) => !dropped.includes(field)),
  ) as ResultSettings['references']
}

/** Without the preset's exponent where the relaxation has none, for the same reason. */
function dropUnusedPresetLambda(
  { lambda, ...loss }: ResultSettings['loss'],
  given: GivenSettings['loss'] = {},
): ResultSettings['loss'] {
  const isUsed = loss.relaxation === 'LogisticPhi' || given.lambda !== undefined
  return { ...loss, ...(isUsed ? omitUndefined({ lambda }) : {}) }
}

/**
 * Fills everything that given settings leave open: architecture, then preset, then what is given,
 * which always wins. What the result cannot mean is for settingsProblems to say.
 */
export function resolve(given: GivenSettings): ResultSettings {
  const { architecture = DEFAULT_ARCHITECTURE, ...model } = given.model ?? {}
  const shape = ARCHITECTURES[architecture]
  const preset = buildPresetSettings(given.preset ?? 'Official', model.family ?? shape.family)
  const { views, references, loss, optimizer } = given
  const resolved = mergeSettings(
    { ...preset, model: { ...preset.model, ...shape } },
    { model, views, references, loss, optimizer },
  ) as typeof COMMON_SETTINGS
  return ResultSettings.parse({
    ...resolved,
    references: dropUnusedPresetReferences(resolved.references, references),
    loss: dropUnusedPresetLambda(resolved.loss, loss),
    numericsVersion: NUMERICS_VERSION,
    data: given.data,
    seed: given.seed ?? COMMON_SETTINGS.seed,
  })
}
