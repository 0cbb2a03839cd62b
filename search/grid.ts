import type { Assignment, ParameterValue, SearchMethod, SearchSpace } from './search-method.ts'

const countChoices = (list: readonly unknown[] | undefined): number =>
  list === undefined || list.length === 0 ? 1 : list.length

function countPoints({ points, zip = [], axes = [], count }: SearchSpace): number {
  const combinations = axes.reduce(
    (product, { values }) => product * countChoices(values),
    countChoices(points) * countChoices(zip[0]?.values),
  )
  return Math.min(combinations, count ?? Number.POSITIVE_INFINITY)
}

const omitUnset = (point: NonNullable<SearchSpace['points']>[number]): Assignment =>
  Object.fromEntries(
    Object.entries(point).filter(
      (entry): entry is [string, ParameterValue] => entry[1] !== undefined,
    ),
  )

/** Decodes by remainders: the last axis varies fastest, then the others, then zip, then points. */
function decodeCombination(
  { points = [], zip = [], axes = [] }: SearchSpace,
  number: number,
): Assignment {
  let rest = number
  const takeDigit = (length: number): number => {
    const digit = rest % length
    rest = Math.floor(rest / length)
    return digit
  }
  const crossed = axes.toReversed().map(({ parameter, values = [] }): [string, ParameterValue] => {
    const value = values[takeDigit(countChoices(values))]
    return [parameter, value ?? '']
  })
  const row = takeDigit(countChoices(zip[0]?.values))
  const zipped = zip.map(({ parameter, values }): [string, ParameterValue] => [
    parameter,
    values[row] ?? '',
  ])
  const point = points[takeDigit(countChoices(points))] ?? {}
  return { ...omitUnset(point), ...Object.fromEntries([...zipped, ...crossed.toReversed()]) }
}

/** The cross product of axes, zip and points, decoded by number: it holds one point at a time. */
export const GRID: SearchMethod = {
  description: 'tries every combination',
  drawsFrom: 'Lists',
  needsObjective: false,
  countPoints,
  propose: decodeCombination,
}
