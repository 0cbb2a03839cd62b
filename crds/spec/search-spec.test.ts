import { expect, test } from 'vitest'
import type { SearchMethod } from '../../search/search-method.ts'
import { buildSearchRules } from './search-spec.ts'

const METHOD: Pick<SearchMethod, 'countPoints' | 'propose'> = {
  countPoints: () => 0,
  propose: () => 'Exhausted',
}
const METHODS: Readonly<Record<string, SearchMethod>> = {
  Grid: { ...METHOD, description: 'tries it', drawsFrom: 'Lists', needsObjective: false },
  Halving: { ...METHOD, description: 'halves', drawsFrom: 'Axes', needsObjective: true },
}
const rules = buildSearchRules(METHODS)
const findBroken = (spec: object): string[] =>
  rules.filter(({ holds }) => !holds(spec)).map(({ message }) => message)

test('a method of the list is held to what it reads and needs, in CEL and here', () => {
  expect(findBroken({ axes: [{ min: 0 }], search: { method: 'Grid' } })).toEqual([
    'a range (min, max) needs a search that samples axes, such as Halving; Grid needs values',
  ])
  expect(findBroken({ zip: [], search: { method: 'Halving' } })).toEqual([
    'search Halving needs count',
    'search Halving draws from axes; zip and points are for Grid',
    'search Halving needs objective',
  ])
  expect(
    findBroken({ axes: [{ min: 0 }], search: { method: 'Halving', count: 1 }, objective: {} }),
  ).toEqual([])
  expect(rules.map(({ cel }) => cel)).toContain(
    "!(has(self.search) && self.search.method == 'Halving') || has(self.objective)",
  )
})
