import { Registry } from 'prom-client'
import { describe, expect, test } from 'vitest'
import { API_GROUP_VERSION, LABELS } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { buildSimulatedSweep } from '../../test/fixtures/simulated-study.ts'
import { buildConditions } from '../core/conditions.ts'
import { createStudyMetrics } from './study-metrics.ts'
import { MAX_SERIES_PER_RUN, MAX_SERIES_PER_SWEEP } from './study-series.ts'

const inState = (state: 'Running' | 'Succeeded') =>
  buildConditions({ state, message: 'm', generation: 1, nowMs: 0 })

const aSweep = (): NeCoSweep => {
  const study = buildSimulatedSweep()
  return {
    ...study,
    metadata: { ...study.metadata, namespace: 'lab', uid: 'u' },
    status: {
      conditions: inState('Running'),
      points: 3,
      pending: 1,
      running: 2,
      succeeded: 2,
      failed: 1,
      failures: { Infeasible: 1 },
    },
  }
}

const aRun = (change: Partial<NeCoRun> = {}): NeCoRun => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoRun',
  metadata: {
    name: 'study-0-r1',
    namespace: 'lab',
    labels: { [LABELS.sweep]: 'study', [LABELS.point]: '0', [LABELS.replicate]: '1' },
    ownerReferences: [
      { apiVersion: API_GROUP_VERSION, kind: 'NeCoSweep', name: 'study', uid: 'u' },
    ],
  },
  spec: {
    data: { kind: 'Scenes', count: 4 },
    seed: 401,
    loss: { studentSteepness: 10 },
    views: { blurProbability: 0 },
  },
  status: {
    conditions: inState('Running'),
    step: 30,
    totalSteps: 40,
    metrics: { loss: 1.5, imagesPerSecond: 80 },
    evaluations: [
      {
        name: 'quality',
        at: 1,
        key: 'k',
        metrics: { inContextMiou: 42, linearMiou: 50, neighborAgreementTau: 0.25 },
      },
    ],
  },
  ...change,
})

const samples = (text: string): readonly string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))

async function renderStudies(
  runs: readonly NeCoRun[],
  sweeps: readonly NeCoSweep[],
  maxSeries = 1000,
) {
  const registry = new Registry()
  const text = await createStudyMetrics(registry, maxSeries).text({ runs, sweeps })
  return samples(text + (await registry.metrics()))
}

describe('metrics of studies', () => {
  test('say state, progress and results of a run, and its settings once', async () => {
    expect(await renderStudies([aRun()], [aSweep()])).toEqual([
      'neco_run_info{namespace="lab",run="study-0-r1",sweep="study",point="0",replicate="1",loss_student_steepness="10",seed="401"} 1',
      'neco_run_state{namespace="lab",run="study-0-r1",state="Running"} 1',
      'neco_run_progress_ratio{namespace="lab",run="study-0-r1"} 0.75',
      'neco_result_loss{namespace="lab",run="study-0-r1"} 1.5',
      'neco_result_images_per_second{namespace="lab",run="study-0-r1"} 80',
      'neco_result_miou_ratio{namespace="lab",run="study-0-r1",evaluation="quality",at="1",protocol="in-context"} 0.42',
      'neco_result_miou_ratio{namespace="lab",run="study-0-r1",evaluation="quality",at="1",protocol="linear"} 0.5',
      'neco_result_neighbor_agreement_ratio{namespace="lab",run="study-0-r1",evaluation="quality",at="1"} 0.25',
      'neco_sweep_state{namespace="lab",sweep="study",state="Running"} 1',
      'neco_sweep_points{namespace="lab",sweep="study"} 3',
      'neco_sweep_runs{namespace="lab",sweep="study",state="pending"} 1',
      'neco_sweep_runs{namespace="lab",sweep="study",state="running"} 2',
      'neco_sweep_runs{namespace="lab",sweep="study",state="succeeded"} 2',
      'neco_sweep_runs{namespace="lab",sweep="study",state="failed"} 1',
      'neco_sweep_failed_runs{namespace="lab",sweep="study",cause="Infeasible"} 1',
      'neco_series_dropped_total 0',
    ])
  })

  test('have the mIoU of each fraction of the schedule that is measured, while the run trains', async () => {
    const measuredAt = (at: number, inContextMiou: number) => ({
      name: 'quality',
      at,
      key: 'k',
      metrics: { inContextMiou },
    })
    const training = aRun({
      status: {
        conditions: inState('Running'),
        step: 30,
        totalSteps: 40,
        evaluations: [measuredAt(0, 25), measuredAt(0.5, 28)],
      },
    })
    const lines = await renderStudies([training], [])
    expect(lines.filter((line) => line.startsWith('neco_result_miou'))).toEqual([
      'neco_result_miou_ratio{namespace="lab",run="study-0-r1",evaluation="quality",at="0",protocol="in-context"} 0.25',
      'neco_result_miou_ratio{namespace="lab",run="study-0-r1",evaluation="quality",at="0.5",protocol="in-context"} 0.28',
    ])
  })

  test('show a parameter that the sweep varies, whichever it is, and no other', async () => {
    const swept = aSweep()
    const sweep = {
      ...swept,
      spec: { ...swept.spec, points: [{ 'views.blurProbability': 0 }] },
    } as NeCoSweep
    const [info] = await renderStudies([aRun()], [sweep])
    expect(info).toContain('views_blur_probability="0"')
    expect((await renderStudies([aRun()], []))[0]).not.toContain('views_blur_probability')
  })

  test('call a run done that succeeded without a step of its own', async () => {
    const reused = aRun({ status: { conditions: inState('Succeeded'), step: 0, totalSteps: 40 } })
    expect(await renderStudies([reused], [])).toContain(
      'neco_run_progress_ratio{namespace="lab",run="study-0-r1"} 1',
    )
  })

  test('call a run pending that nobody has looked at', async () => {
    const { status: _none, ...fresh } = aRun()
    expect(await renderStudies([fresh], [])).toContain(
      'neco_run_state{namespace="lab",run="study-0-r1",state="Pending"} 1',
    )
  })

  test('are at most 20 a run and 30 a sweep, what was measured at the end of training first', async () => {
    const evaluations = Array.from({ length: 21 }, (_, i) => ({
      name: 'quality',
      at: i / 20,
      key: 'k',
      metrics: { inContextMiou: 1, linearMiou: 2, neighborAgreementTau: 0.1 },
    }))
    const run = aRun({ status: { conditions: inState('Running'), evaluations } })
    const causes = Array.from({ length: 40 }, (_, i) => [`Cause${i}`, 1])
    const sweep = { ...aSweep(), status: { failures: Object.fromEntries(causes) } }
    const lines = await renderStudies([run], [sweep])
    const ofRun = lines.filter((line) => line.includes('run="'))
    expect(ofRun).toHaveLength(MAX_SERIES_PER_RUN)
    expect(lines.filter((line) => line.startsWith('neco_sweep'))).toHaveLength(MAX_SERIES_PER_SWEEP)
    expect(ofRun.filter((line) => line.includes('at="1"'))).toHaveLength(3)
    expect(lines.at(-1)).toBe(`neco_series_dropped_total ${3 + 63 - 20 + (46 - 30)}`)
  })

  test('are capped in total, and what is left out is counted', async () => {
    const runs = Array.from({ length: 5 }, (_, i) =>
      aRun({ metadata: { name: `r${i}`, namespace: 'lab' } }),
    )
    const lines = await renderStudies(runs, [], 20)
    expect(lines).toHaveLength(16 + 1)
    expect(lines.at(-1)).toBe('neco_series_dropped_total 24')
  })

  test('come once each, whatever a status says twice, since Prometheus refuses the whole page else', async () => {
    const found = { name: 'quality', at: 1, key: 'k', metrics: { linearMiou: 50 } }
    const status = { conditions: inState('Running'), evaluations: [found, found] }
    const lines = await renderStudies([aRun({ status })], [])
    expect(new Set(lines).size).toBe(lines.length)
    expect(lines.filter((line) => line.startsWith('neco_result_miou'))).toHaveLength(1)
  })

  test('escape what would end a label, and say help and type of each family once', async () => {
    const run = aRun({
      spec: { data: { kind: 'Scenes', count: 4 }, preset: 'a"b\\c\nd' as 'Paper' },
    })
    const registry = new Registry()
    const text = await createStudyMetrics(registry, 100).text({ runs: [run, aRun()], sweeps: [] })
    expect(text).toContain('preset="a\\"b\\\\c\\nd"')
    expect(text.split('\n').filter((line) => line.startsWith('# TYPE neco_run_state'))).toEqual([
      '# TYPE neco_run_state gauge',
    ])
  })

  test('are gone with the object, and with the lead', async () => {
    const metrics = createStudyMetrics(new Registry(), 1000)
    expect(await metrics.text({ runs: [aRun()], sweeps: [aSweep()] })).toContain('study-0-r1')
    expect(await metrics.text({ runs: [], sweeps: [aSweep()] })).not.toContain('study-0-r1')
    expect(await metrics.text(undefined)).toBe('')
  })

  test('follow a run as it changes', async () => {
    const metrics = createStudyMetrics(new Registry(), 1000)
    const run = aRun()
    const before = await metrics.text({ runs: [run], sweeps: [] })
    expect(await metrics.text({ runs: [run], sweeps: [] })).toBe(before)
    const further = { ...run, status: { ...run.status, step: 40 } }
    expect(samples(await metrics.text({ runs: [further], sweeps: [] }))).toContain(
      'neco_run_progress_ratio{namespace="lab",run="study-0-r1"} 1',
    )
  })
})
