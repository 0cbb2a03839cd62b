import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import packageJson from '../package.json' with { type: 'json' }
import { ChartValues } from './values-schema.ts'

const chart = join(import.meta.dirname, 'neco-operator')
const read = (path: string) => parse(readFileSync(join(chart, path), 'utf8'))
const values = read('values.yaml')

/** Every path of an object, without lists and maps of user-defined keys. */
const listPaths = (node: unknown, path: readonly string[] = []): string[] =>
  typeof node === 'object' && node !== null && !Array.isArray(node) && Object.keys(node).length > 0
    ? Object.entries(node).flatMap(([key, child]) => listPaths(child, [...path, key]))
    : [path.join('.')]

interface SchemaNode {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

const listUndescribed = (node: SchemaNode, path: string): string[] =>
  Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const own = `${path}.${key}`
    const isSection = child.properties !== undefined
    return [...(child.description || isSection ? [] : [own]), ...listUndescribed(child, own)]
  })

describe('the values of the chart', () => {
  test('are accepted by their own schema', () => {
    expect(ChartValues.safeParse(values).error).toBeUndefined()
  })
  test('have every field but those whose absence has a meaning', () => {
    const schema = read('values.schema.json') as SchemaNode
    const leaves = (node: SchemaNode, path: readonly string[] = []): string[] =>
      node.properties === undefined
        ? [path.join('.')]
        : Object.entries(node.properties).flatMap(([key, child]) => leaves(child, [...path, key]))
    const listedPaths = listPaths(values)
    const unsaid = leaves(schema).filter(
      (path) => !listedPaths.some((own) => own === path || own.startsWith(`${path}.`)),
    )
    expect(unsaid).toEqual([
      'global.imageRegistry',
      'image.registry',
      'releaseLostNodesAfterSeconds',
      'defaults.image.registry',
      'defaults.image.pullPolicy',
      'defaults.evaluatorResources.requests',
      'defaults.evaluatorResources.limits',
    ])
  })
  test('are described, each field of them', () => {
    expect(listUndescribed(read('values.schema.json'), '')).toEqual([])
  })
  test('request one GPU per trainer', () => {
    expect(values.defaults.resources.limits['nvidia.com/gpu']).toBe(1)
  })
})

test.each([
  ['an unknown field', { ...values, replica: 1 }],
  ['a port of the system', { ...values, health: { port: 80 } }],
  ['a tag where a digest belongs', { ...values, image: { ...values.image, digest: 'latest' } }],
  ['an amount that is none', { ...values, resources: { limits: { memory: '5 Gigs' } } }],
  ['a server without a scheme', { ...values, nats: { ...values.nats, servers: ['nats:4222'] } }],
])('%s is refused', (_what, wrong) => {
  expect(ChartValues.safeParse(wrong).success).toBe(false)
})

test('chart, application and package have one version', () => {
  const { version, appVersion } = read('Chart.yaml')
  expect([version, appVersion]).toEqual([packageJson.version, packageJson.version])
})
