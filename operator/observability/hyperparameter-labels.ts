import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { PARAMETER_PATHS } from '../../crds/spec/parameters.ts'

/** Shown of every run that says them, whether a sweep varies them or not. */
const DEFAULT_LABEL_PATHS = [
  'preset',
  'model.architecture',
  'loss.studentSteepness',
  'loss.teacherSteepness',
  'references.count',
  'optimizer.batchSize',
  'optimizer.steps',
  'optimizer.backboneLearningRate',
] as const

const MAX_LABEL_LENGTH = 128

/** loss.studentSteepness → loss_student_steepness. */
const toLabelName = (path: string): string =>
  path.replaceAll('.', '_').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const LABEL_BY_PATH: ReadonlyMap<string, string> = new Map(
  PARAMETER_PATHS.map((path) => [path, toLabelName(path)]),
)
/**
 * Every label that can carry a setting; those that a run does not use are left out of its series.
 */
export const HYPERPARAMETER_LABELS: readonly string[] = [...LABEL_BY_PATH.values(), 'seed']

function readLabelValue(spec: unknown, path: string): string | undefined {
  const value = path
    .split('.')
    .reduce<unknown>(
      (node, key) =>
        typeof node === 'object' && node !== null
          ? (node as Record<string, unknown>)[key]
          : undefined,
      spec,
    )
  return value === undefined ? undefined : String(value).slice(0, MAX_LABEL_LENGTH)
}

/** The parameters that a sweep varies. */
export const listSweptPaths = ({ spec }: NeCoSweep): readonly string[] => {
  const crossed = [...(spec.axes ?? []), ...(spec.zip ?? [])].map(({ parameter }) => parameter)
  return [...new Set([...crossed, ...(spec.points ?? []).flatMap((point) => Object.keys(point))])]
}

/**
 * The settings of a run as labels: what its sweep varies, and the few that are always shown. Only
 * what the spec says; a preset fills the rest.
 */
export function buildHyperparameterLabels(
  { spec }: NeCoRun,
  swept: readonly string[],
): Readonly<Record<string, string>> {
  const entries = [...new Set([...DEFAULT_LABEL_PATHS, ...swept])].flatMap((path) => {
    const label = LABEL_BY_PATH.get(path)
    const value = readLabelValue(spec, path)
    return label === undefined || value === undefined ? [] : [[label, value] as const]
  })
  const seed = spec.seed === undefined ? [] : [['seed', String(spec.seed)] as const]
  return Object.fromEntries([...entries, ...seed])
}
