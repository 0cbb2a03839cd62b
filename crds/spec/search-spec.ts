import * as z from 'zod'
import type { SearchMethod } from '../../search/search-method.ts'
import {
  DEFAULT_SEARCH_METHOD,
  SEARCH_METHODS,
  type SearchMethodName,
} from '../../search/search-methods.ts'
import type { Rule } from '../rule.ts'

type MethodsByName = Readonly<Record<string, SearchMethod>>

const listNames = (
  methods: MethodsByName,
  isIncluded: (method: SearchMethod) => boolean,
): readonly string[] =>
  Object.entries(methods).flatMap(([name, method]) => (isIncluded(method) ? [name] : []))

const joinNames = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`

interface SearchMethodNames {
  /** Methods that read lists: axes with values, zip and points. */
  readonly listMethods: readonly string[]
  /** Methods that sample axes, which may be ranges. */
  readonly axisMethods: readonly string[]
}

const splitMethods = (methods: MethodsByName): SearchMethodNames => ({
  listMethods: listNames(methods, ({ drawsFrom }) => drawsFrom === 'Lists'),
  axisMethods: listNames(methods, ({ drawsFrom }) => drawsFrom === 'Axes'),
})

const { listMethods, axisMethods } = splitMethods(SEARCH_METHODS)

/** The methods whose axes may be ranges, for descriptions: `Random and Sobol`. */
export const RANGE_METHODS = joinNames(axisMethods)

const METHOD_SENTENCES = Object.entries<SearchMethod>(SEARCH_METHODS)
  .map(([name, { description }]) => `${name} ${description}`)
  .join('; ')

export const SearchSpec = z
  .strictObject({
    method: z
      .enum(Object.keys(SEARCH_METHODS) as [SearchMethodName, ...SearchMethodName[]])
      .describe(`method: ${METHOD_SENTENCES}.`),
    count: z
      .int32()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe(`count of points for ${RANGE_METHODS}; for ${joinNames(listMethods)} a limit.`),
    seed: z.int32().min(0).optional().describe(`seed of ${RANGE_METHODS}; 0 when left out.`),
  })
  .describe(`search says how points are chosen; ${DEFAULT_SEARCH_METHOD} when left out.`)

/** What the rules below read of a sweep. */
interface SearchedSweep {
  readonly search?: { readonly method: string; readonly count?: number | undefined } | undefined
  readonly axes?: readonly { readonly min?: number | undefined }[] | undefined
  readonly zip?: readonly unknown[] | undefined
  readonly points?: readonly unknown[] | undefined
  readonly objective?: object | undefined
}

const isMethodCel = (name: string): string => `has(self.search) && self.search.method == '${name}'`
const isMethod = ({ search }: SearchedSweep, name: string): boolean => search?.method === name

/** Messages name the method at hand alone, so that a new method changes none of them. */
const buildAxisMethodRules = (name: string, listMethod: string): readonly Rule<SearchedSweep>[] => [
  {
    cel: `!(${isMethodCel(name)}) || has(self.search.count)`,
    holds: (spec) => !isMethod(spec, name) || spec.search?.count !== undefined,
    message: `search ${name} needs count`,
    field: ['search', 'count'],
  },
  {
    cel: `!(${isMethodCel(name)}) || (has(self.axes) && !has(self.zip) && !has(self.points))`,
    holds: (spec) =>
      !isMethod(spec, name) ||
      (spec.axes !== undefined && spec.zip === undefined && spec.points === undefined),
    message: `search ${name} draws from axes; zip and points are for ${listMethod}`,
  },
]

const buildObjectiveRule = (name: string): Rule<SearchedSweep> => ({
  cel: `!(${isMethodCel(name)}) || has(self.objective)`,
  holds: (spec) => !isMethod(spec, name) || spec.objective !== undefined,
  message: `search ${name} needs objective`,
  field: ['objective'],
})

function buildRangeRule(names: SearchMethodNames): Rule<SearchedSweep> {
  const [listMethod, axisMethod] = [names.listMethods[0], names.axisMethods[0]]
  const celNames = names.axisMethods.map((name) => `'${name}'`).join(', ')
  return {
    cel: `(has(self.search) && self.search.method in [${celNames}]) || !has(self.axes) || self.axes.all(a, !has(a.min))`,
    holds: ({ search, axes = [] }) =>
      names.axisMethods.includes(search?.method ?? '') ||
      axes.every(({ min }) => min === undefined),
    message: `a range (min, max) needs a search that samples axes, such as ${axisMethod}; ${listMethod} needs values`,
    field: ['axes'],
  }
}

/** The rules that hold a sweep to what its search method reads and needs. */
export function buildSearchRules(
  methods: MethodsByName = SEARCH_METHODS,
): readonly Rule<SearchedSweep>[] {
  const names = splitMethods(methods)
  const [listMethod = ''] = names.listMethods
  const objectiveMethods = listNames(methods, ({ needsObjective }) => needsObjective)
  return [
    ...names.axisMethods.flatMap((name) => buildAxisMethodRules(name, listMethod)),
    ...objectiveMethods.map(buildObjectiveRule),
    buildRangeRule(names),
  ]
}
