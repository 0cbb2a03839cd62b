import { isIntegerParameter } from '../../../crds/spec/parameters.ts'
import type { SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import type {
  Assignment,
  SearchHistory,
  SearchMethod,
  SearchSpace,
} from '../../../search/search-method.ts'
import { DEFAULT_SEARCH_METHOD, SEARCH_METHODS } from '../../../search/search-methods.ts'

export const findSearchMethod = ({ search }: SweepSpec): SearchMethod =>
  SEARCH_METHODS[search?.method ?? DEFAULT_SEARCH_METHOD]

/** What a search method sees of a sweep. */
export const toSearchSpace = ({ axes = [], zip, points, search }: SweepSpec): SearchSpace => ({
  axes: axes.map((axis) => ({ ...axis, isInteger: isIntegerParameter(axis.parameter) })),
  zip,
  points: points as SearchSpace['points'],
  count: search?.count,
  seed: search?.seed,
})

/** How many points a sweep has at most: a method that depends on results may end earlier. */
export const countPoints = (spec: SweepSpec): number =>
  findSearchMethod(spec).countPoints(toSearchSpace(spec))

const NO_RESULTS: SearchHistory = { finished: new Map(), better: 'Higher' }

/**
 * The point of a number, from 0, as its search proposes it before there is any result; undefined
 * where that depends on results. Holds nothing but the point itself, however large the sweep.
 */
export function decodePoint(spec: SweepSpec, number: number): Assignment | undefined {
  const proposal = findSearchMethod(spec).propose(toSearchSpace(spec), number, NO_RESULTS)
  return typeof proposal === 'string' ? undefined : proposal
}
