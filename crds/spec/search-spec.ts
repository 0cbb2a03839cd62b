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

const joinNames = (names: readonly string[], conjunction: 'and' | 'or' = 'and'): string =>
  names.length < 2
    ? names.join()
    : `${names.slice(0, -1).join(', ')} ${conjunction} ${names.at(-1)}`

const agree = (names: readonly string[], verb: string): string =>
  names.length === 1 ? `${verb}s` : verb

interface SearchWords {
  /** Names of the methods that read lists: axes with values, zip and points. */
  readonly listMethods: string
  /** Names of the methods that draw from axes, which may be ranges. */
  readonly axisMethods: string
}

/** Names of the search methods by what they read, for descriptions and messages. */
export const buildSearchWords = (methods: MethodsByName = SEARCH_METHODS): SearchWords => ({
  listMethods: joinNames(listNames(methods, ({ drawsFrom }) => drawsFrom === 'Lists')),
  axisMethods: joinNames(listNames(methods, ({ drawsFrom }) => drawsFrom === 'Axes')),
})

const { listMethods, axisMethods } = buildSearchWords()
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
      .describe(`count of points for ${axisMethods}; for ${listMethods} a limit.`),
    seed: z.int32().min(0).optional().describe(`seed of ${axisMethods}; 0 when left out.`),
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

const toCelList = (names: readonly string[]): string =>
  `[${names.map((name) => `'${name}'`).join(', ')}]`

function buildAxisMethodRules(methods: MethodsByName): readonly Rule<SearchedSweep>[] {
  const names = listNames(methods, ({ drawsFrom }) => drawsFrom === 'Axes')
  const cel = `has(self.search) && self.search.method in ${toCelList(names)}`
  const drawsFromAxes = ({ search }: SearchedSweep): boolean => names.includes(search?.method ?? '')
  const { listMethods: lists, axisMethods: sampled } = buildSearchWords(methods)
  return [
    {
      cel: `!(${cel}) || has(self.search.count)`,
      holds: (spec) => !drawsFromAxes(spec) || spec.search?.count !== undefined,
      message: `search ${sampled} ${agree(names, 'need')} count`,
      field: ['search', 'count'],
    },
    {
      cel: `!(${cel}) || (has(self.axes) && !has(self.zip) && !has(self.points))`,
      holds: (spec) =>
        !drawsFromAxes(spec) ||
        (spec.axes !== undefined && spec.zip === undefined && spec.points === undefined),
      message: `search ${sampled} ${agree(names, 'draw')} from axes; zip and points are for ${lists}`,
    },
    {
      cel: `(${cel}) || !has(self.axes) || self.axes.all(a, !has(a.min))`,
      holds: (spec) =>
        drawsFromAxes(spec) || !(spec.axes ?? []).some(({ min }) => min !== undefined),
      message: `a range (min, max) needs search ${joinNames(names, 'or')}; ${lists} needs values`,
      field: ['axes'],
    },
  ]
}

function buildObjectiveRules(methods: MethodsByName): readonly Rule<SearchedSweep>[] {
  const names = listNames(methods, ({ needsObjective }) => needsObjective)
  if (names.length === 0) return []
  return [
    {
      cel: `!has(self.search) || !(self.search.method in ${toCelList(names)}) || has(self.objective)`,
      holds: ({ search, objective }) =>
        !names.includes(search?.method ?? '') || objective !== undefined,
      message: `search ${joinNames(names)} ${agree(names, 'need')} objective`,
      field: ['objective'],
    },
  ]
}

/** The rules that hold a sweep to what its search method reads and needs. */
export const buildSearchRules = (
  methods: MethodsByName = SEARCH_METHODS,
): readonly Rule<SearchedSweep>[] => [
  ...buildAxisMethodRules(methods),
  ...buildObjectiveRules(methods),
]
