import { describe, expect, it } from 'vitest'
import type { RunStatus } from '../../crds/necorun.ts'
import { findBestRun } from './best-run.ts'
import type { RunRecord, StudyResults } from './study-results.ts'

const buildRunStatus = (
  type: 'Complete' | 'Failed',
  metrics: Record<string, number>,
): RunStatus => ({
  conditions: [
    {
      type,
      status: 'True',
      reason: 'Test',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: 1,
    },
  ],
  evaluations: [
    { name: 'scenes', at: 0, key: 'k0', metrics: { inContextMiou: 99 }, figures: ['before.png'] },
    { name: 'scenes', at: 1, key: 'k1', metrics, figures: [`${JSON.stringify(metrics)}.png`] },
  ],
})

const aRun = (point: number, replicate: number, status: RunStatus): RunRecord => ({
  name: `study-${point}-r${replicate}`,
  point,
  replicate,
  assignment: { 'loss.studentSteepness': 10 ** point, 'loss.teacherSteepness': 100 },
  status,
})

const aStudy = (runs: readonly RunRecord[]): StudyResults => ({
  kind: 'NeCoSweep',
  name: 'study',
  swept: ['loss.studentSteepness', 'loss.teacherSteepness'],
  runs,
})

const done = (inContextMiou: number) =>
  buildRunStatus('Complete', { inContextMiou, linearMiou: 90 - inContextMiou })

describe('the best run of a study', () => {
  it('has the highest in-context mIoU after training, and a caption that names it', () => {
    const best = findBestRun(
      aStudy([aRun(0, 0, done(26)), aRun(1, 1, done(29.34)), aRun(1, 0, done(29))]),
    )
    expect(best?.run.name).toBe('study-1-r1')
    expect(best?.figure).toContain('29.34')
    expect(best?.caption).toBe(
      'best of 3 runs by in-context mIoU after training (29.3 %): studentSteepness 10, teacherSteepness 100, replicate 1',
    )
  })

  it('is never one that failed', () => {
    const failed = buildRunStatus('Failed', { inContextMiou: 80 })
    const best = findBestRun(
      aStudy([aRun(0, 0, failed), aRun(0, 1, done(20)), aRun(1, 0, done(10))]),
    )
    expect(best?.run.name).toBe('study-0-r1')
  })

  it('is the first point and replicate among equals, in whatever order they ended', () => {
    const runs = [aRun(1, 0, done(20)), aRun(0, 1, done(20)), aRun(0, 0, done(20))]
    for (const order of [runs, runs.toReversed()]) {
      expect(findBestRun(aStudy(order))?.run.name).toBe('study-0-r0')
    }
  })

  it('has the highest linear mIoU where in-context mIoU was not measured', () => {
    const linear = (linearMiou: number) => buildRunStatus('Complete', { linearMiou })
    const best = findBestRun(aStudy([aRun(0, 0, linear(30)), aRun(0, 1, linear(31))]))
    expect(best?.caption).toMatch(/^best of 2 runs by linear mIoU after training \(31.0 %\): /)
  })

  it('has no caption where it is the only one, and is undefined where none has a figure', () => {
    const alone = findBestRun(aStudy([aRun(0, 0, done(26))]))
    expect(alone?.run.name).toBe('study-0-r0')
    expect(alone?.caption).toBeUndefined()
    const bare: RunStatus = { ...done(26), evaluations: [] }
    expect(findBestRun(aStudy([aRun(0, 0, bare)]))).toBeUndefined()
  })
})
