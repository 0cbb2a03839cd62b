import fc from 'fast-check'
import type { JsonNode } from '../../../crds/generators/to-crd.ts'
import type { RandomDraws } from './seeded-draws.ts'

export type SchemaNode = Record<string, unknown>

const numberIn = (node: JsonNode, name: string): number | undefined =>
  typeof node[name] === 'number' ? node[name] : undefined

export const readProperties = (node: JsonNode): Record<string, JsonNode> =>
  (node['properties'] ?? {}) as Record<string, JsonNode>
export const readRequiredFields = (node: JsonNode): readonly string[] =>
  (node['required'] ?? []) as readonly string[]
const readListMapKeys = (node: JsonNode): readonly string[] =>
  (node['x-kubernetes-list-map-keys'] ?? []) as readonly string[]

const SMALL = 12

function randomNumber(node: JsonNode, draw: RandomDraws): number {
  const least = numberIn(node, 'minimum') ?? 0
  const isOpen = node['exclusiveMinimum'] === true
  const most = Math.min(numberIn(node, 'maximum') ?? least + SMALL, least + SMALL)
  if (node['type'] === 'integer') return least + Math.floor(draw.number() * (most - least + 1))
  const fraction = isOpen ? 1 - draw.number() : draw.number()
  const exact = least + Math.round(fraction * 8) * ((most - least) / 8)
  return isOpen && exact === least ? most : exact
}

const pools = new Map<string, readonly string[]>()

/** Some texts that a pattern allows, drawn once: drawing is slow. */
function listSampleTexts(pattern: string, longest: number): readonly string[] {
  const key = `${longest} ${pattern}`
  const known = pools.get(key)
  if (known !== undefined) return known
  const fitting = fc.stringMatching(new RegExp(pattern)).filter((text) => text.length <= longest)
  const drawn = fc.sample(fitting, { seed: 5, numRuns: 12 })
  pools.set(key, drawn)
  return drawn
}

function randomText(node: JsonNode, draw: RandomDraws): string {
  const longest = Math.min(numberIn(node, 'maxLength') ?? 10, 10)
  const pattern = node['pattern']
  return draw.pick(
    listSampleTexts(typeof pattern === 'string' ? pattern : '^[a-z]{1,10}$', longest),
  )
}

/** Entries of a list of maps have different keys. */
export function withDistinctKeys(items: readonly unknown[], node: JsonNode): unknown[] {
  const keys = readListMapKeys(node)
  if (keys.length === 0) return [...items]
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = JSON.stringify(keys.map((name) => (item as SchemaNode)[name]))
    return !seen.has(key) && seen.add(key) !== undefined
  })
}

function randomArray(node: JsonNode, draw: RandomDraws): unknown[] {
  const least = numberIn(node, 'minItems') ?? 0
  const most = Math.min(numberIn(node, 'maxItems') ?? 3, Math.max(least, 3))
  const size = least + Math.floor(draw.number() * (most - least + 1))
  const items = Array.from({ length: size }, () => randomValue(node['items'] as JsonNode, draw))
  const distinct = withDistinctKeys(items, node)
  return distinct.length >= least ? distinct : randomArray(node, draw)
}

function randomObject(node: JsonNode, draw: RandomDraws): SchemaNode {
  const values = node['additionalProperties']
  if (typeof values === 'object' && values !== null) {
    return { [draw.pick(['a', 'b'])]: randomValue(values as JsonNode, draw) }
  }
  const required = readRequiredFields(node)
  const entries = Object.entries(readProperties(node)).filter(
    ([name]) => required.includes(name) || draw.chance(0.2),
  )
  const value = Object.fromEntries(entries.map(([name, child]) => [name, randomValue(child, draw)]))
  return withOneChoice(value, node, draw)
}

interface Branch {
  readonly required: readonly string[]
}
const listSchemaBranches = (node: JsonNode): readonly Branch[] => (node['oneOf'] ?? []) as Branch[]

/** The object with the fields of one branch where its schema is a choice between fields. */
export function withOneChoice(value: SchemaNode, node: JsonNode, draw: RandomDraws): SchemaNode {
  const branches = listSchemaBranches(node)
  const isMet = ({ required }: Branch): boolean => required.every((name) => name in value)
  if (branches.length === 0 || branches.filter(isMet).length === 1) return value
  const chosen = draw.pick(branches.some(isMet) ? branches.filter(isMet) : branches)
  const others = new Set(branches.filter((one) => one !== chosen).flatMap((one) => one.required))
  const remaining = Object.entries(value).filter(([name]) => !others.has(name))
  const added = chosen.required
    .filter((name) => !(name in value))
    .map((name) => [name, randomValue(readProperties(node)[name] as JsonNode, draw)])
  return Object.fromEntries([...remaining, ...added]) as SchemaNode
}

/** A value that the structure of a schema allows, whatever its rules say. */
export function randomValue(node: JsonNode, draw: RandomDraws): unknown {
  if (node['x-kubernetes-preserve-unknown-fields'] === true) return draw.pick([1, 0.5, 'Bitonic'])
  if (node['x-kubernetes-int-or-string'] === true) return draw.pick([1, '500m', '8Gi'])
  if (Array.isArray(node['enum'])) return draw.pick(node['enum'] as unknown[])
  switch (node['type']) {
    case 'boolean':
      return draw.chance(0.5)
    case 'integer':
    case 'number':
      return randomNumber(node, draw)
    case 'string':
      return randomText(node, draw)
    case 'array':
      return randomArray(node, draw)
    default:
      return randomObject(node, draw)
  }
}
