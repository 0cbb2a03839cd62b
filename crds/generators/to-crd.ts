import * as z from 'zod'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { ANNOTATIONS, API_GROUP, API_VERSION, RUN_KIND, SWEEP_KIND } from '../names.ts'
import { NeCoRun, runTransitions } from '../necorun.ts'
import { NeCoSweep, sweepTransitions } from '../necosweep.ts'

export type JsonNode = { [key: string]: unknown }

const NOT_STRUCTURAL = ['oneOf', 'anyOf', 'allOf', 'not', '$ref']

const dropUnbounded = (node: JsonNode): void => {
  if (node['minimum'] === Number.MIN_SAFE_INTEGER) delete node['minimum']
  if (node['maximum'] === Number.MAX_SAFE_INTEGER) delete node['maximum']
}

/** A choice between fields that are there is the one form of `oneOf` that is structural. */
const isChoiceOfFields = (key: string, branches: unknown): boolean =>
  key === 'oneOf' &&
  Array.isArray(branches) &&
  branches.every((branch: object) => Object.keys(branch).join() === 'required')

/**
 * Rewrites in place what zod emits into what a structural schema may hold. Throws on what no
 * structural schema can say.
 */
function makeStructural(node: JsonNode, path: readonly (string | number)[]): void {
  for (const key of NOT_STRUCTURAL) {
    if (key in node && !isChoiceOfFields(key, node[key]))
      throw new Error(`${path.join('.')}: ${key} is not structural`)
  }
  if (node['format'] !== undefined) delete node['pattern']
  if (node['properties'] !== undefined) delete node['additionalProperties']
  delete node['propertyNames']
  dropUnbounded(node)
}

/** The OpenAPI schema of a zod schema, structural. */
export const toStructuralSchema = (schema: z.ZodType): JsonNode =>
  z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema, path }) => makeStructural(jsonSchema as JsonNode, path),
  }) as JsonNode

interface PrinterColumn {
  readonly name: string
  readonly type: 'string' | 'integer' | 'number' | 'date'
  readonly jsonPath: string
  readonly priority?: number
}

interface CrdKind {
  readonly kind: string
  readonly plural: string
  readonly shortNames: readonly string[]
  readonly schema: z.ZodType
  readonly description: string
  readonly transitions: readonly { readonly cel: string; readonly message: string }[]
  readonly columns: readonly PrinterColumn[]
  readonly scale?: JsonNode
}

const STATE_COLUMN: PrinterColumn = {
  name: 'State',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
}
const AGE_COLUMN: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
}
const integerColumn = (name: string, jsonPath: string): PrinterColumn => ({
  name,
  type: 'integer',
  jsonPath,
})

const escapeDots = (key: string): string => key.replaceAll('.', '\\.')

export const KINDS: readonly CrdKind[] = [
  {
    kind: RUN_KIND,
    plural: 'necoruns',
    shortNames: ['nrun'],
    schema: NeCoRun,
    description: 'NeCoRun is one NeCo training and its evaluations.',
    transitions: runTransitions,
    columns: [
      STATE_COLUMN,
      integerColumn('Step', '.status.step'),
      integerColumn('Steps', '.status.totalSteps'),
      { name: 'Loss', type: 'number', jsonPath: '.status.metrics.loss', priority: 1 },
      {
        name: 'Images/s',
        type: 'number',
        jsonPath: '.status.metrics.imagesPerSecond',
        priority: 1,
      },
      {
        name: 'Assignment',
        type: 'string',
        jsonPath: `.metadata.annotations.${escapeDots(ANNOTATIONS.assignment)}`,
        priority: 1,
      },
      AGE_COLUMN,
    ],
  },
  {
    kind: SWEEP_KIND,
    plural: 'necosweeps',
    shortNames: ['nsweep'],
    schema: NeCoSweep,
    description: 'NeCoSweep is a template of a run, what varies, and how far to go.',
    transitions: sweepTransitions,
    columns: [
      STATE_COLUMN,
      integerColumn('Points', '.status.points'),
      integerColumn('Runs', '.status.total'),
      integerColumn('Running', '.status.running'),
      integerColumn('Succeeded', '.status.succeeded'),
      integerColumn('Failed', '.status.failed'),
      { name: 'Best', type: 'string', jsonPath: '.status.best[0].assignment', priority: 1 },
      AGE_COLUMN,
    ],
    scale: {
      specReplicasPath: '.spec.parallelism',
      statusReplicasPath: '.status.running',
    },
  },
]

const readRootProperties = (node: JsonNode): Record<string, JsonNode> =>
  node['properties'] as Record<string, JsonNode>

/** Metadata belongs to the API server: the schema only says it is an object. */
function buildRootSchema({ schema, description, transitions }: CrdKind): JsonNode {
  const root = toStructuralSchema(schema)
  const properties = readRootProperties(root)
  const spec = properties['spec'] as JsonNode
  const rules = (spec['x-kubernetes-validations'] ?? []) as JsonNode[]
  const changes = transitions.map(({ cel, message }) => ({ rule: cel, message }))
  return {
    ...root,
    description,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: { ...spec, 'x-kubernetes-validations': [...rules, ...changes] },
      status: properties['status'],
    },
    required: ['spec'],
  }
}

/** The CustomResourceDefinition of a kind, as a value. */
export const buildCrd = (kind: CrdKind): JsonNode => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.plural}.${API_GROUP}` },
  spec: {
    group: API_GROUP,
    scope: 'Namespaced',
    names: {
      kind: kind.kind,
      listKind: `${kind.kind}List`,
      plural: kind.plural,
      singular: kind.kind.toLowerCase(),
      shortNames: kind.shortNames,
      categories: ['neco'],
    },
    versions: [
      {
        name: API_VERSION,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: buildRootSchema(kind) },
        subresources: { status: {}, ...omitUndefined({ scale: kind.scale }) },
        additionalPrinterColumns: kind.columns,
      },
    ],
  },
})
