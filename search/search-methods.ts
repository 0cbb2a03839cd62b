import { GRID } from './grid.ts'
import { RANDOM } from './random.ts'
import type { SearchMethod } from './search-method.ts'
import { SOBOL } from './sobol.ts'

/**
 * Every search method, by its name in `spec.search.method`. Schema, validation rules, reference and
 * planner are derived from this list: a new method is a file beside this one and a line here.
 */
export const SEARCH_METHODS = {
  Grid: GRID,
  Random: RANDOM,
  Sobol: SOBOL,
} as const satisfies Readonly<Record<string, SearchMethod>>

export type SearchMethodName = keyof typeof SEARCH_METHODS

export const DEFAULT_SEARCH_METHOD: SearchMethodName = 'Grid'
