import type { Scalar } from '../../crds/spec/parameters.ts'

/**
 * What a point sets: `studentSteepness 10, teacherSteepness 100`; a parameter that it does not set
 * is `as in run`.
 */
export const pointLabel = (
  swept: readonly string[],
  assignment: Readonly<Record<string, Scalar>>,
): string =>
  swept
    .map((path) => `${path.slice(path.lastIndexOf('.') + 1)} ${assignment[path] ?? 'as in run'}`)
    .join(', ')
