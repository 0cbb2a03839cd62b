import { buildCrd, type JsonNode, KINDS } from './generators/to-crd.ts'

export interface ExplainedField {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly description: string
  readonly allowed: readonly string[]
  readonly bounds: string
}

export interface Explanation {
  readonly kind: string
  readonly path: readonly string[]
  readonly type: string
  readonly description: string
  readonly bounds: string
  readonly rules: readonly string[]
  readonly fields: readonly ExplainedField[]
}

type ExplainResult =
  | { readonly ok: true; readonly explanation: Explanation }
  | { readonly ok: false; readonly unknown: string; readonly known: readonly string[] }

const unwrapArraySchema = (node: JsonNode): JsonNode =>
  node['type'] === 'array' ? unwrapArraySchema(node['items'] as JsonNode) : node

const readSchemaProperties = (node: JsonNode): Record<string, JsonNode> =>
  (unwrapArraySchema(node)['properties'] ?? {}) as Record<string, JsonNode>

/** The type as `kubectl explain` writes it: `[]Object`, `number`, `map[string]number`. */
function formatTypeName(node: JsonNode): string {
  if (node['type'] === 'array') return `[]${formatTypeName(node['items'] as JsonNode)}`
  if (node['type'] === 'object' && node['additionalProperties'] !== undefined) {
    return `map[string]${formatTypeName(node['additionalProperties'] as JsonNode)}`
  }
  if (node['type'] === 'object') return 'Object'
  return typeof node['type'] === 'string' ? node['type'] : 'number, word or boolean'
}

const formatBound = (node: JsonNode, key: string, sign: string): string[] =>
  node[key] === undefined ? [] : [`${sign} ${String(node[key])}`]

function formatBounds(node: JsonNode): string {
  const least = node['exclusiveMinimum'] === true ? '>' : '≥'
  const greatest = node['exclusiveMaximum'] === true ? '<' : '≤'
  return [
    ...formatBound(node, 'minimum', least),
    ...formatBound(node, 'maximum', greatest),
    ...formatBound(node, 'minItems', 'items ≥'),
    ...formatBound(node, 'maxItems', 'items ≤'),
  ].join(', ')
}

const isRequired = (parent: JsonNode, name: string): boolean =>
  ((unwrapArraySchema(parent)['required'] ?? []) as string[]).includes(name)

const explainField = (parent: JsonNode, name: string, node: JsonNode): ExplainedField => ({
  name,
  type: formatTypeName(node),
  required: isRequired(parent, name),
  description: String(node['description'] ?? ''),
  allowed: ((unwrapArraySchema(node)['enum'] ?? []) as unknown[]).map(String),
  bounds: formatBounds(node),
})

const listRuleMessages = (node: JsonNode): string[] =>
  ((unwrapArraySchema(node)['x-kubernetes-validations'] ?? []) as JsonNode[]).map((rule) =>
    String(rule['message']),
  )

/** The schema of a kind by its name, plural, or short name, in any case. */
function findKindSchema(name: string): { kind: string; schema: JsonNode } | undefined {
  const wanted = name.toLowerCase()
  const kind = KINDS.find(
    (candidate) =>
      [candidate.kind.toLowerCase(), candidate.plural].includes(wanted) ||
      candidate.shortNames.includes(wanted),
  )
  if (kind === undefined) return undefined
  const spec = buildCrd(kind)['spec'] as { versions: { schema: { openAPIV3Schema: JsonNode } }[] }
  const schema = spec.versions[0]?.schema.openAPIV3Schema
  return schema === undefined ? undefined : { kind: kind.kind, schema }
}

/**
 * Explains a field of a kind, such as `necosweep.spec.search`. Parameters of points keep their
 * dots: `necosweep.spec.points.loss.lambda`.
 */
export function explain(dottedPath: string): ExplainResult {
  const [kindName = '', ...path] = dottedPath.split('.')
  const root = findKindSchema(kindName)
  if (root === undefined) {
    return { ok: false, unknown: kindName, known: KINDS.map(({ kind }) => kind.toLowerCase()) }
  }
  let node = root.schema
  for (let at = 0; at < path.length; at++) {
    const properties = readSchemaProperties(node)
    const rest = path.slice(at).join('.')
    const name = rest in properties ? rest : (path[at] ?? '')
    const next = properties[name]
    if (next === undefined) return { ok: false, unknown: rest, known: Object.keys(properties) }
    node = next
    if (name === rest) break
  }
  return { ok: true, explanation: buildExplanation(root.kind, path, node) }
}

function buildExplanation(kind: string, path: readonly string[], node: JsonNode): Explanation {
  const fields = Object.entries(readSchemaProperties(node))
  return {
    kind,
    path,
    type: formatTypeName(node),
    description: String(node['description'] ?? ''),
    bounds: formatBounds(node),
    rules: listRuleMessages(node),
    fields: fields.map(([name, field]) => explainField(node, name, field)),
  }
}
