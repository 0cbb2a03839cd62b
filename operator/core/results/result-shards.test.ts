import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ANNOTATIONS, LABELS } from '../../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../../crds/necorun.ts'
import { buildResultShards, toResultRow } from './result-shards.ts'

const REPLICATES = 2
const ended = (type: 'Complete' | 'Failed', reason: string): RunStatus['conditions'] => [
  {
    type,
    status: 'True',
    reason,
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: 1,
  },
]
function run(number: number, status: Partial<RunStatus> = {}): NeCoRun {
  const [point, replicate] = [Math.floor(number / REPLICATES), number % REPLICATES]
  return {
    apiVersion: 'neco.dev/v1alpha1',
    kind: 'NeCoRun',
    metadata: {
      name: `study-${point}-r${replicate}`,
      labels: { [LABELS.point]: String(point), [LABELS.replicate]: String(replicate) },
    },
    spec: { data: { kind: 'Scenes', count: 8 } },
    status: { conditions: ended('Complete', 'Succeeded'), ...status },
  }
}
const lines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('a row of results', () => {
  test('holds verdict and measures of a run that succeeded, measures by name and time', () => {
    const status = {
      runKey: 'abc',
      metrics: { loss: 3.5, imagesPerSecond: 40 },
      evaluations: [
        { name: 'voc', at: 1, key: 'k', metrics: { inContextMiou: 0.25 } },
        { name: 'scenes', at: 1, key: 'k', metrics: { linearMiou: 0.5, inContextMiou: 0.75 } },
        { name: 'scenes', at: 0, key: 'k', metrics: { linearMiou: 0.125 } },
      ],
    }
    expect(JSON.stringify(toResultRow(run(3, status)))).toBe(
      JSON.stringify({
        point: 1,
        replicate: 1,
        run: 'study-1-r1',
        verdict: 'Succeeded',
        runKey: 'abc',
        metrics: { imagesPerSecond: 40, loss: 3.5 },
        evaluations: [
          { name: 'scenes', at: 0, metrics: { linearMiou: 0.125 } },
          { name: 'scenes', at: 1, metrics: { inContextMiou: 0.75, linearMiou: 0.5 } },
          { name: 'voc', at: 1, metrics: { inContextMiou: 0.25 } },
        ],
      }),
    )
  })

  test('holds what the point sets, where that is recorded on the run', () => {
    const plain = run(0)
    const annotations = { [ANNOTATIONS.assignment]: '{"loss.lambda":0.5}' }
    const recorded = { ...plain, metadata: { ...plain.metadata, annotations } }
    expect(toResultRow(recorded)).toEqual({
      ...toResultRow(plain),
      assignment: { 'loss.lambda': 0.5 },
    })
  })

  test('holds the cause of a failed run', () => {
    const failed = run(0, { conditions: ended('Failed', 'Infeasible') })
    expect(toResultRow(failed)).toMatchObject({ verdict: 'Failed', cause: 'Infeasible' })
  })

  test('does not exist for a live run, nor for one that no sweep created', () => {
    expect(toResultRow(run(0, { conditions: [] }))).toBeUndefined()
    expect(toResultRow({ ...run(0), metadata: { name: 'alone' } })).toBeUndefined()
  })
})

describe('the shards of a sweep', () => {
  test('hold two hundred numbers each, so that a late run changes its own shard alone', () => {
    const early = Array.from({ length: 450 }, (_, number) => number).filter((n) => n !== 210)
    const before = buildResultShards(
      early.map((n) => run(n)),
      { replicates: REPLICATES },
    )
    const after = buildResultShards(
      [...early, 210].map((n) => run(n)),
      { replicates: REPLICATES },
    )
    expect(before.map(({ id, rows }) => [id, rows])).toEqual([
      ['0', 200],
      ['1', 199],
      ['2', 50],
    ])
    expect(after.map(({ text }, index) => text === before[index]?.text)).toEqual([
      true,
      false,
      true,
    ])
  })

  test('are equal in whatever order the runs ended, hold each once, and none is too large', () => {
    const numbers = fc.uniqueArray(fc.nat(60), { maxLength: 60 })
    fc.assert(
      fc.property(numbers, fc.integer({ min: 300, max: 900 }), (given, maxBytes) => {
        const options = { replicates: REPLICATES, rowsPerShard: 7, maxBytes }
        const shards = buildResultShards(
          given.map((n) => run(n)),
          options,
        )
        const reversed = buildResultShards(
          given.toReversed().map((n) => run(n)),
          options,
        )
        expect(reversed).toEqual(shards)
        expect(new Set(shards.map(({ id }) => id)).size).toBe(shards.length)
        const found = shards.flatMap(({ text }) => lines(text))
        const listed = found.map(({ point, replicate }) => point * REPLICATES + replicate)
        expect(listed).toEqual(given.toSorted((a, b) => a - b))
        expect(shards.every(({ text }) => Buffer.byteLength(text) <= maxBytes)).toBe(true)
      }),
    )
  })
})
