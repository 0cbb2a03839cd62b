import type { JsonNode } from '../../../crds/generators/to-crd.ts'
import {
  randomValue,
  readProperties,
  readRequiredFields,
  type SchemaNode,
  withDistinctKeys,
  withOneChoice,
} from './random-value.ts'
import type { RandomDraws } from './seeded-draws.ts'

const isBranch = (value: unknown): boolean => typeof value === 'object' && value !== null

function mutateObject(value: SchemaNode, node: JsonNode, draw: RandomDraws): unknown {
  const properties = readProperties(node)
  const names = Object.keys(properties)
  if (names.length === 0) return randomValue(node, draw)
  const name = draw.pick(names)
  const child = properties[name] as JsonNode
  const isThere = value[name] !== undefined
  if (isThere && isBranch(value[name]) && draw.chance(0.8)) {
    return { ...value, [name]: mutate(value[name], child, draw) }
  }
  if (isThere && !readRequiredFields(node).includes(name) && draw.chance(0.3)) {
    const { [name]: _gone, ...rest } = value
    return rest
  }
  return { ...value, [name]: randomValue(child, draw) }
}

function mutateArray(value: readonly unknown[], node: JsonNode, draw: RandomDraws): unknown {
  if (value.length === 0 || draw.chance(0.25)) return randomValue(node, draw)
  const at = Math.floor(draw.number() * value.length)
  const changed = value.with(at, mutate(value[at], node['items'] as JsonNode, draw))
  return withDistinctKeys(changed, node)
}

/** The value with one random change somewhere in it, after which its structure is still valid. */
export function mutate(value: unknown, node: JsonNode, draw: RandomDraws): unknown {
  if (Array.isArray(value)) return mutateArray(value, node, draw)
  if (!isBranch(value)) return randomValue(node, draw)
  return withOneChoice(mutateObject(value as SchemaNode, node, draw) as SchemaNode, node, draw)
}
