import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { SEARCH_METHODS } from '../../search/search-methods.ts'
import { explain } from '../explain.ts'
import { findNearestName } from '../nearest-name.ts'
import { runTransitions } from '../necorun.ts'
import { sweepTransitions } from '../necosweep.ts'
import { PARAMETERS } from '../spec/parameters.ts'
import { buildCrd, type JsonNode, KINDS, toStructuralSchema } from './to-crd.ts'

const KIBIBYTES = 1024

function* listSchemaFields(node: JsonNode, path: string): Generator<[string, JsonNode]> {
  yield [path, node]
  for (const [name, child] of Object.entries(node['properties'] ?? {})) {
    yield* listSchemaFields(child as JsonNode, `${path}.${name}`)
  }
  if (node['items'] !== undefined) yield* listSchemaFields(node['items'] as JsonNode, `${path}[]`)
}

describe.each(KINDS)('the CRD of $kind', (kind) => {
  test('stays below 200 KiB, since kubectl apply keeps a copy in an annotation', () => {
    expect(JSON.stringify(buildCrd(kind)).length).toBeLessThan(200 * KIBIBYTES)
  })

  test('gives every field a type or keeps it untyped on purpose', () => {
    const spec = buildCrd(kind)['spec'] as { versions: [{ schema: JsonNode }] }
    const root = spec.versions[0].schema['openAPIV3Schema'] as JsonNode
    const untyped = [...listSchemaFields(root, kind.kind)]
      .filter(([, node]) => node['x-kubernetes-preserve-unknown-fields'] !== true)
      .filter(([, node]) => typeof node['type'] !== 'string')
    expect(untyped).toEqual([])
  })

  test('writes no default: a preset fills what is left out', () => {
    expect(JSON.stringify(buildCrd(kind))).not.toContain('"default"')
  })
})

test('a union is refused, since no structural schema can say it', () => {
  const union = z.object({ value: z.union([z.string(), z.int()]) })
  expect(() => toStructuralSchema(union)).toThrow('value: anyOf is not structural')
})

describe('a change of a live object', () => {
  const spec = { data: { kind: 'Scenes' as const, count: 1 } }
  const broken = (next: object) =>
    runTransitions
      .filter(({ holds }) => !holds({ ...spec, ...next }, spec))
      .map(({ message }) => message)

  test('is refused for what determines the result', () => {
    expect(broken({ seed: 2 })).toEqual(['seed cannot change while the run lives: make a new run'])
  })
  test('is allowed for suspend, deadlines and retries', () => {
    expect(broken({ suspend: true, deadlines: { trainSeconds: 9 }, retries: {} })).toEqual([])
  })
  test('of a sweep keeps run, axes, zip, points, search, replicates and objective', () => {
    expect(sweepTransitions.map(({ message }) => message.split(' ')[0])).toEqual([
      'run',
      'axes',
      'zip',
      'points',
      'search',
      'replicates',
      'objective',
    ])
  })
})

describe('explain', () => {
  test('describes a field and its members', () => {
    expect(explain('necosweep.spec.search')).toMatchObject({
      ok: true,
      explanation: {
        kind: 'NeCoSweep',
        type: 'Object',
        fields: [
          { name: 'method', required: true, allowed: Object.keys(SEARCH_METHODS) },
          { name: 'count', type: 'integer', bounds: '≥ 1, ≤ 1000000' },
          { name: 'seed', required: false },
        ],
      },
    })
  })
  test('keeps the dots of a swept parameter', () => {
    expect(explain('nsweep.spec.points.loss.lambda')).toMatchObject({
      ok: true,
      explanation: { type: 'number', bounds: '≥ 0, ≤ 1' },
    })
  })
  test('says which fields it knows when it does not know one', () => {
    expect(explain('necosweep.spec.search.methud')).toEqual({
      ok: false,
      unknown: 'methud',
      known: ['method', 'count', 'seed'],
    })
  })
})

test('every parameter that a sweep may vary is described', () => {
  const undescribed = [...PARAMETERS].filter(([, { description }]) => description === undefined)
  expect(undescribed.map(([path]) => path)).toEqual([])
})

test('the nearest name is found within a few letters, and nothing further away', () => {
  const known = ['steepness', 'neighbors', 'seed']
  expect(findNearestName('stepness', known)).toBe('steepness')
  expect(findNearestName('Seed', known)).toBe('seed')
  expect(findNearestName('queueLength', known)).toBeUndefined()
})
