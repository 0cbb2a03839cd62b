import { describe, expect, it } from 'vitest'
import type { RunStatus } from '../../crds/necorun.ts'
import { gainLines } from './gain-lines.ts'
import { resultsCsv } from './results-csv.ts'
import { buildResultsDocument } from './results-document.ts'
import { resultsTable } from './results-table.ts'
import type { RunRecord, StudyResults } from './study-results.ts'

const since = '2026-01-01T00:00:00Z'
const condition = (type: string, reason: string) => ({
  type,
  status: 'True' as const,
  reason,
  message: '',
  lastTransitionTime: since,
})

const aStatus = (after: number): RunStatus => ({
  conditions: [condition('Complete', 'Succeeded')],
  runKey: 'a'.repeat(64),
  backend: 'wasm',
  metrics: { loss: 3 + after / 100, imagesPerSecond: 26 },
  evaluations: [
    { name: 'scenes', at: 0, key: 'k0', metrics: { inContextMiou: 27.4, linearMiou: 35 } },
    { name: 'scenes', at: 1, key: 'k1', metrics: { inContextMiou: after, linearMiou: 37 } },
  ],
})

const aRun = (point: number, replicate: number, status: RunStatus | undefined): RunRecord => ({
  name: `study-${point}-r${replicate}`,
  point,
  replicate,
  assignment: { 'loss.studentSteepness': [10, 100][point] ?? 0 },
  status,
})

const failed: RunStatus = {
  conditions: [condition('Failed', 'NotFinite')],
  tasks: [
    {
      kind: 'Training',
      name: 'training',
      attempt: 1,
      state: 'Failed',
      cause: 'NotFinite',
      message: 'NaN at step 3',
    },
  ],
}

const study: StudyResults = {
  kind: 'NeCoSweep',
  name: 'study',
  swept: ['loss.studentSteepness'],
  runs: [
    aRun(1, 1, failed),
    aRun(1, 0, aStatus(30)),
    aRun(0, 2, aStatus(34)),
    aRun(0, 0, aStatus(32)),
    aRun(0, 1, aStatus(33)),
  ],
}
const document = buildResultsDocument(study)

describe('the results of a study', () => {
  it('are grouped by point, with mean, sample standard deviation and n', () => {
    expect(document.points.map(({ point, runs }) => [point, runs.map(({ name }) => name)])).toEqual(
      [
        [0, ['study-0-r0', 'study-0-r1', 'study-0-r2']],
        [1, ['study-1-r0', 'study-1-r1']],
      ],
    )
    expect(document.points[0]?.summary['scenes.inContextMiou@1']).toEqual({
      mean: 33,
      deviation: 1,
      n: 3,
    })
    expect(document.points[1]?.summary['loss']).toEqual({ mean: 3.3, n: 1 })
    expect(document.points[1]?.runs[1]).toEqual({
      name: 'study-1-r1',
      replicate: 1,
      verdict: 'Failed',
      failure: 'NotFinite: NaN at step 3',
      values: {},
    })
  })

  it('mark what is not deterministic and what is not comparable', () => {
    const marks = document.columns.map(({ key, deterministic, incomparableAcross }) => [
      key,
      deterministic,
      incomparableAcross,
    ])
    expect(marks).toEqual([
      ['scenes.inContextMiou@0', true, []],
      ['scenes.inContextMiou@1', true, []],
      ['scenes.linearMiou@0', true, []],
      ['scenes.linearMiou@1', true, []],
      ['loss', true, ['loss.studentSteepness']],
      ['imagesPerSecond', false, []],
    ])
  })

  it('do not depend on the order in which runs ended', () => {
    expect(buildResultsDocument({ ...study, runs: study.runs.toReversed() })).toEqual(document)
  })

  it('are formatted as a table', () => {
    expect(resultsTable(document)).toBe(`\
study: mean ± sample standard deviation over n replicates; in-context and linear are mIoU in percent

studentSteepness              n   in-context before   in-context after   linear before   linear after     NeCo loss *   images/s
────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
10                            3               27.40       33.00 ± 1.00           35.00          37.00   3.330 ± 0.010       26.0
100                1 (1 failed)               27.40              30.00           35.00          37.00           3.300       26.0

* not comparable between rows that differ in loss.studentSteepness
study-1-r1 failed. NotFinite: NaN at step 3
`)
  })

  it('are exported as CSV with one line per run', () => {
    const csv = resultsCsv({ ...document, points: document.points.slice(1) })
    expect(csv).toBe(`\
point,replicate,run,verdict,loss.studentSteepness,scenes.inContextMiou@0,scenes.inContextMiou@1,scenes.linearMiou@0,scenes.linearMiou@1,loss,imagesPerSecond
1,0,study-1-r0,Succeeded,100,27.4,30,35,37,3.3,26
1,1,study-1-r1,Failed,100,,,,,,
`)
  })

  it('include the gain with its interval for three or more replicates', () => {
    expect(gainLines(document)).toEqual([
      'loss.studentSteepness=10: linear mIoU after − before: +2.00 [+2.00, +2.00] (95 %, n = 3)',
      'loss.studentSteepness=10: in-context mIoU after − before: +5.60 [+3.12, +8.08] (95 %, n = 3)',
    ])
    const single = buildResultsDocument({
      ...study,
      runs: study.runs.filter(({ point }) => point === 0),
    })
    expect(gainLines(single).at(-1)).toBe(
      'in-context mIoU after − before: +5.60 [+3.12, +8.08] (95 %, n = 3)',
    )
  })
})
