import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { linearSumAssignment } from './assignment.ts'
import { addPixels, emptyConfusionMatrix } from './confusion-matrix.ts'
import { buildConfusionMatrix, type Matching, matchLabels } from './matching.ts'

interface GoldenCase {
  readonly name: string
  readonly num_pred: number
  readonly num_gt: number
  readonly options: {
    readonly many_to_one?: boolean
    readonly precision_based?: boolean
    readonly linear_probe?: boolean
  }
  readonly gt: number[]
  readonly pred: number[]
  readonly miou: number
  readonly tp: number[]
  readonly fp: number[]
  readonly fn: number[]
  readonly reordered: number[]
  readonly score_matrix_gt_by_pred: unknown
  readonly hungarian_gt?: number[]
  readonly hungarian_pred?: number[]
  readonly gt_to_preds?: Record<string, number[]>
  readonly matched_bg_fraction?: number
}

const { cases } = readGolden('matching_miou') as { cases: GoldenCase[] }

const chooseMatching = ({ options }: GoldenCase): Matching => {
  if (options.linear_probe === true) return 'None'
  if (options.many_to_one !== true) return 'Hungarian'
  return options.precision_based === true ? 'GreedyPrecision' : 'GreedyIou'
}

const greatestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Math.max(Math.abs(a.length - b.length), ...Array.from(a, (x, i) => Math.abs(x - (b[i] ?? 9))))

describe('matching of predicted labels to classes', () => {
  test.each(cases.map((golden) => [golden.name, golden] as const))(
    'gives what the reference implementation gives: %s',
    (_, golden) => {
      const matrix = buildConfusionMatrix({
        groundTruth: golden.gt,
        predicted: golden.pred,
        classes: golden.num_gt,
        labels: golden.num_pred,
      })
      const matched = matchLabels(matrix, chooseMatching(golden))
      expect({
        tp: matched.truePositives,
        fp: matched.falsePositives,
        fn: matched.falseNegatives,
        reordered: golden.pred.map((label) => matched.classByLabel[label]),
      }).toEqual({
        tp: golden.tp,
        fp: golden.fp,
        fn: golden.fn,
        reordered: golden.reordered,
      })
      expect(Math.abs(matched.meanIou - golden.miou)).toBeLessThan(1e-14)
      const scores = parseGoldenTensor(golden.score_matrix_gt_by_pred)
      expect(scores.shape).toEqual([golden.num_gt, golden.num_pred])
      expect(greatestDifference(matched.scores, scores.data)).toBeLessThan(1e-14)
      expect(matched.assignment?.rows).toEqual(golden.hungarian_gt)
      expect(matched.assignment?.columns).toEqual(golden.hungarian_pred)
      if (golden.gt_to_preds === undefined) return
      const expectedPairs = Object.entries(golden.gt_to_preds).flatMap(([gt, labels]) =>
        labels.map((label) => [label, Number(gt)] as const),
      )
      expectedPairs.sort((a, b) => a[0] - b[0])
      expect(matched.classByLabel).toEqual(expectedPairs.map(([, gt]) => gt))
      const background = matched.classByLabel.filter((index) => index === 0).length
      expect(background / golden.num_pred).toBe(golden.matched_bg_fraction)
    },
  )

  test('ignored pixels count nowhere, and a class outside the matrix is refused', () => {
    const matrix = emptyConfusionMatrix(2)
    addPixels(matrix, { groundTruth: [0, 1, 255, 1], predicted: [0, 0, 1, 1], ignore: 255 })
    expect(Array.from(matrix.counts)).toEqual([1, 0, 1, 1])
    expect(() => addPixels(matrix, { groundTruth: [2], predicted: [0] })).toThrow(RangeError)
  })
})

describe('least-cost assignment', () => {
  const permutations = (items: number[]): number[][] =>
    items.length === 0
      ? [[]]
      : items.flatMap((head) =>
          permutations(items.filter((item) => item !== head)).map((tail) => [head, ...tail]),
        )
  const square = fc
    .integer({ min: 1, max: 5 })
    .chain((n) =>
      fc.tuple(
        fc.constant(n),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: n * n, maxLength: n * n }),
      ),
    )

  test('costs no more than any other assignment', () => {
    fc.assert(
      fc.property(square, ([n, costs]) => {
        const { rows, columns } = linearSumAssignment({
          rows: n,
          columns: n,
          values: Float64Array.from(costs),
        })
        const computeAssignmentCost = (order: readonly number[]): number =>
          order.reduce((sum, column, row) => sum + (costs[row * n + column] as number), 0)
        expect(rows).toEqual(Array.from({ length: n }, (_, i) => i))
        const least = Math.min(...permutations(Array.from(rows)).map(computeAssignmentCost))
        expect(computeAssignmentCost(columns)).toBe(least)
      }),
      { numRuns: 60 },
    )
  })
})
