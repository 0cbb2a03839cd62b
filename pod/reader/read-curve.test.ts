import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RunReport } from '../../contract/run-report.ts'
import { buildLossCurve, downsampleCurve, packCurve, unpackCurve } from './read-curve.ts'

const report = (step: number, loss: number, kind: RunReport['kind'] = 'Step'): RunReport => ({
  schemaVersion: 1,
  run: 'study-0-r0',
  attempt: 1,
  podUid: 'pod',
  sequence: 1,
  kind,
  step,
  totalSteps: 9,
  imagesSeen: step,
  wallTime: '2026-01-01T00:00:00Z',
  monotonicMs: 0,
  metrics: { loss },
})
const buildTestCurve = (length: number) =>
  Array.from({ length }, (_, at) => ({ step: at + 1, loss: 4 - at / length }))

describe('the curve of a training', () => {
  test('has each step once, in order, whatever attempts reported it', () => {
    const reports = [report(2, 3), report(1, 4), report(2, 3), report(2, 9, 'Evaluation')]
    expect(buildLossCurve(reports)).toEqual([
      { step: 1, loss: 4 },
      { step: 2, loss: 3 },
    ])
  })

  test('comes out of a file as it went in, number for number, up to 2000 steps', () => {
    const loss = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(loss, { maxLength: 2000 }), (losses) => {
        const curve = losses.map((value, at) => ({ step: at + 1, loss: value === 0 ? 0 : value }))
        expect(unpackCurve(packCurve(curve))).toEqual(curve)
      }),
      { numRuns: 50 },
    )
  })

  test('keeps its first and last step, and at most 2001 evenly spread ones', () => {
    const retained = downsampleCurve(buildTestCurve(12_345))
    expect(retained.length).toBeLessThanOrEqual(2001)
    expect([retained[0]?.step, retained[1]?.step, retained.at(-1)?.step]).toEqual([1, 8, 12_345])
  })
})
