import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import { countPoints, decodePoint } from './decode-point.ts'

const spec = (overrides: object): SweepSpec =>
  ({ run: { data: { kind: 'Scenes', count: 4 } }, ...overrides }) as SweepSpec
const axis = (parameter: string, ...values: (string | number)[]) => ({ parameter, values })
const all = (sweep: SweepSpec) =>
  Array.from({ length: countPoints(sweep) }, (_, number) => decodePoint(sweep, number) ?? {})

describe('a grid', () => {
  test('crosses its axes, the last one fastest', () => {
    const sweep = spec({
      axes: [axis('loss.network', 'Bitonic', 'OddEven'), axis('loss.lambda', 0, 1)],
    })
    expect(all(sweep)).toEqual([
      { 'loss.network': 'Bitonic', 'loss.lambda': 0 },
      { 'loss.network': 'Bitonic', 'loss.lambda': 1 },
      { 'loss.network': 'OddEven', 'loss.lambda': 0 },
      { 'loss.network': 'OddEven', 'loss.lambda': 1 },
    ])
  })

  test('keeps the values of a point and of a zip together', () => {
    const sweep = spec({
      points: [
        { 'loss.studentSteepness': 10, 'loss.teacherSteepness': 100 },
        { 'loss.studentSteepness': 1000 },
      ],
      zip: [axis('references.count', 16, 36), axis('views.alignedGrid', 4, 6)],
    })
    expect(all(sweep)).toEqual([
      {
        'loss.studentSteepness': 10,
        'loss.teacherSteepness': 100,
        'references.count': 16,
        'views.alignedGrid': 4,
      },
      {
        'loss.studentSteepness': 10,
        'loss.teacherSteepness': 100,
        'references.count': 36,
        'views.alignedGrid': 6,
      },
      { 'loss.studentSteepness': 1000, 'references.count': 16, 'views.alignedGrid': 4 },
      { 'loss.studentSteepness': 1000, 'references.count': 36, 'views.alignedGrid': 6 },
    ])
  })

  test('has every combination exactly once', () => {
    const values = fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(values, values, values, (a, b, c) => {
        const sweep = spec({ axes: [axis('x', ...a), axis('y', ...b), axis('z', ...c)] })
        const seen = new Set(all(sweep).map((point) => JSON.stringify(point)))
        expect(seen.size).toBe(a.length * b.length * c.length)
      }),
    )
  })

  test('is limited by the count of its search', () => {
    const sweep = spec({ axes: [axis('x', 1, 2, 3)], search: { method: 'Grid', count: 2 } })
    expect(all(sweep)).toEqual([{ x: 1 }, { x: 2 }])
  })

  test('decodes the billionth point without holding the others', () => {
    const digits = Array.from({ length: 10 }, (_, value) => value)
    const names = Array.from({ length: 10 }, (_, i) => `axis${i}`)
    const sweep = spec({ axes: names.map((name) => axis(name, ...digits)) })
    expect(countPoints(sweep)).toBe(1e10)
    const before = process.memoryUsage().heapUsed
    const point = decodePoint(sweep, 1e9) ?? {}
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1e6)
    expect(Object.values(point).join('')).toBe('1000000000')
  })
})

describe('a search', () => {
  const ranges = [
    { parameter: 'loss.studentSteepness', min: 1, max: 1000, scale: 'Log' },
    { parameter: 'loss.lambda', min: 0, max: 1 },
  ]
  const search = (method: string, seed: number) =>
    spec({ axes: ranges, search: { method, count: 256, seed } })

  test.each(['Random', 'Sobol'])('%s draws the same points for the same seed', (method) => {
    expect(all(search(method, 3))).toEqual(all(search(method, 3)))
    expect(all(search(method, 3))).not.toEqual(all(search(method, 4)))
  })

  test.each([
    { method: 'Random', seed: 0, n: 0, values: [133.83852796832053, 0.24816358388657156, 2] },
    { method: 'Random', seed: 0, n: 1000, values: [8.331026028764452, 0.19154225930159852, 4] },
    { method: 'Random', seed: 7, n: 1, values: [6.169723259498283, 0.9764796361908656, 7] },
    { method: 'Sobol', seed: 0, n: 0, values: [31.622776601683793, 0.5, 6] },
    { method: 'Sobol', seed: 0, n: 1000, values: [144.27121440870852, 0.5966796875, 2] },
    { method: 'Sobol', seed: 7, n: 1, values: [6.527878618163341, 0.03593593183904886, 5] },
  ])('$method with seed $seed gives point $n as every version did', ({ n, values, ...search }) => {
    const axes = [...ranges, { parameter: 'references.count', min: 2, max: 9 }]
    const sweep = spec({ axes, search: { ...search, count: 2000 } })
    expect(Object.values(decodePoint(sweep, n) ?? {})).toEqual(values)
  })

  test.each(['Random', 'Sobol'])('%s stays in its ranges', (method) => {
    for (const point of all(search(method, 5))) {
      const [steepness = 0, lambda = -1] = Object.values(point) as number[]
      expect(steepness >= 1 && steepness <= 1000 && lambda >= 0 && lambda < 1).toBe(true)
    }
  })

  test('Sobol fills a range evenly: a quarter of the points in each quarter', () => {
    const lambdas = all(search('Sobol', 0)).map((point) => Number(point['loss.lambda']))
    const quarters = [0, 1, 2, 3].map((q) => lambdas.filter((x) => Math.floor(4 * x) === q).length)
    for (const count of quarters) expect(Math.abs(count - 64)).toBeLessThanOrEqual(1)
  })

  test('on a logarithmic scale draws as many below the geometric mean as above', () => {
    const below = all(search('Sobol', 0)).filter(
      (p) => Number(p['loss.studentSteepness']) < Math.sqrt(1000),
    )
    expect(Math.abs(below.length - 128)).toBeLessThanOrEqual(1)
  })

  test('draws from listed values as well', () => {
    const sweep = spec({
      axes: [axis('loss.network', 'Bitonic', 'OddEven')],
      search: { method: 'Random', count: 64 },
    })
    expect(new Set(all(sweep).map((point) => point['loss.network']))).toEqual(
      new Set(['Bitonic', 'OddEven']),
    )
  })

  test.each(['Linear', 'Log'])(
    'draws every whole number of a %s range of a whole parameter',
    (scale) => {
      const sweep = spec({
        axes: [{ parameter: 'references.count', min: 2, max: 9, scale }],
        search: { method: 'Sobol', count: 256 },
      })
      const counts = all(sweep).map((point) => point['references.count'])
      expect([...new Set(counts)].toSorted()).toEqual([2, 3, 4, 5, 6, 7, 8, 9])
    },
  )
})
