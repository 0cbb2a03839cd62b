import { execFile } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseManifestText } from '../../../cli/manifest/read-manifest.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { MAX_SERIES_PER_RUN } from '../../../operator/observability/study-series.ts'
import { type DashboardQuery, listDashboardQueries } from '../../fixtures/dashboard-queries.ts'
import { REDUCED_SETTINGS } from '../../programs/run-example.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import {
  type PrometheusTestbed,
  type Sample,
  startPrometheusTestbed,
} from '../testbed/prometheus-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder, type TestbedFolder } from '../testbed/testbed-folder.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { listScrapeTargets, podMonitors, type ScrapeTarget } from './pod-targets.ts'

const testbed = sharedTestbed()
const NAME = 'watched'
/**
 * Long enough to be scraped: Prometheus discovers a new pod within five seconds, and results are
 * visible while others follow.
 */
const STUDY = [
  ...REDUCED_SETTINGS,
  `metadata.name=${NAME}`,
  'points=[{loss.studentSteepness: 10}, {loss.studentSteepness: 100}]',
  'replicates=1',
  'optimizer.steps=80',
  'checkpoint.everySteps=10',
  'evaluations[0].at=[0, 0.5, 1]',
  'evaluations[0].memory.count=40',
  'evaluations[0].validation.count=200',
]

let fixture: StudyFixture
let folder: TestbedFolder
let prometheus: PrometheusTestbed
/** The newest exposition of each pod, by its name. */
const metricRows = new Map<string, string>()
/** Answers during the study, by query. */
const live = new Map<string, readonly Sample[]>()
let monitors: Awaited<ReturnType<typeof podMonitors>>
let asked: readonly DashboardQuery[]

const targetsFilePath = (): string => testbed.path('monitoring-targets.json')

/** Writes the targets of live pods atomically, so that Prometheus never reads half a file. */
async function tell(): Promise<readonly ScrapeTarget[]> {
  const targets = await listScrapeTargets(testbed, monitors)
  const draft = testbed.path('monitoring-targets.draft')
  await writeFile(draft, JSON.stringify(targets))
  await rename(draft, targetsFilePath())
  return targets
}

/** Undefined for a pod that has ended or not started. */
async function read({ targets, labels }: ScrapeTarget): Promise<void> {
  const text = await fetch(`http://${targets[0]}/metrics`).then(
    (answer) => answer.text(),
    () => undefined,
  )
  if (text !== undefined) metricRows.set(labels['pod'] ?? '', text)
}

const LIVE = {
  loss: 'neco_train_loss and neco_train_step > 0',
  throughput: 'neco_train_images_per_second > 0',
  mIoU: 'neco_eval_miou_ratio',
  agreement: 'neco_eval_neighbor_agreement_ratio',
  state: 'neco_run_state{state="Running"}',
}

/** Runs the queries that have no answer yet. */
async function ask(queries: readonly string[]): Promise<void> {
  const open = queries.filter((query) => !live.has(query))
  const answers = open.map(async (query) => {
    const samples = await prometheus.query(query)
    if (samples.length > 0) live.set(query, samples)
  })
  await Promise.all(answers)
}

const isComplete = async (): Promise<boolean> => {
  const { status } = await fixture.sweep(NAME)
  return (
    status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') ??
    false
  )
}

beforeAll(async () => {
  fixture = await openStudyFixture(testbed, { name: 'monitoring' })
  const { namespace } = fixture
  folder = await openTestbedFolder()
  monitors = await podMonitors(testbed, fixture)
  asked = listDashboardQueries({ namespace, sweep: NAME, run: '.*', rateInterval: '10s' })
  await tell()
  const { prometheus: program } = testbed.programs
  const targetsFile = targetsFilePath()
  prometheus = await startPrometheusTestbed({ folder, program, targetsFile, scrapeEvery: '250ms' })
  const file = join(import.meta.dirname, '../../../examples/sweep-steepness.yaml')
  const manifest = parseManifestText({ file, text: await readFile(file, 'utf8'), overrides: STUDY })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  await fixture.apply(manifest.sweep)
  await waitUntil({
    what: `${NAME} to be Complete`,
    withinMs: 300_000,
    look: async () => {
      await Promise.all((await tell()).map(read))
      await ask([...Object.values(LIVE), ...asked.map(({ expr }) => expr)])
      return (await isComplete()) || undefined
    },
  })
})
afterAll(async () => {
  await prometheus?.close()
  await folder?.remove()
  await fixture?.close()
})

const answerTo = (query: string): Promise<readonly Sample[]> =>
  waitUntil({
    what: query,
    withinMs: 60_000,
    look: async () => {
      const samples = await prometheus.query(query)
      return samples.length > 0 ? samples : undefined
    },
  })

describe('during a study a real Prometheus answers', () => {
  test.each(Object.entries(LIVE))('%s of its runs', (_what, query) => {
    const samples = live.get(query) ?? []
    expect(samples.length).toBeGreaterThan(0)
    for (const { labels, value } of samples) {
      expect(labels).toMatchObject({ namespace: fixture.namespace })
      expect(labels['run']).toMatch(/^watched-[01]-r0$/)
      expect(value).toBeGreaterThan(-1)
    }
  })

  test('though its pods live for seconds', async () => {
    const tasks = (await fixture.runs()).flatMap(({ status }) => status?.tasks ?? [])
    const durationMs = tasks.map(({ name, ranMs = 0 }) => `${name} ${(ranMs / 1000).toFixed(1)} s`)
    printMeasurement(`pods that were scraped every 250 ms: ${durationMs.join(', ')}`)
    expect(durationMs).toHaveLength(4)
  })

  test('with labels for the pod and the task', () => {
    const [sample] = live.get(LIVE.loss) ?? []
    expect(sample?.labels).toMatchObject({ sweep: NAME, attempt: '1', task: 'training' })
    expect(sample?.labels['pod']).toMatch(/^watched-[01]-r0-a1-/)
  })

  test('every query of the dashboard, then or afterwards', async () => {
    await ask(asked.map(({ expr }) => expr))
    const unanswered = asked.filter(({ expr }) => !live.has(expr))
    expect(unanswered.map(({ panel }) => panel)).toEqual([])
    expect(asked.length).toBeGreaterThan(15)
  })
})

/** The metrics in the status of a run, which Prometheus must have too. */
const expected = ({ metadata, status }: NeCoRun) => {
  const { metrics = {}, evaluations = [] } = status ?? {}
  const at1 = evaluations.find(({ at }) => at === 1)?.metrics ?? {}
  const { inContextMiou = Number.NaN, linearMiou = Number.NaN } = at1
  return {
    run: metadata.name,
    loss: metrics['loss'],
    throughput: metrics['imagesPerSecond'],
    inContext: inContextMiou / 100,
    linear: linearMiou / 100,
    agreement: at1['neighborAgreementTau'],
  }
}

describe('when the study has ended Prometheus answers', () => {
  test('loss, throughput, mIoU and agreement of each run as in its status', async () => {
    const runs = await fixture.runs()
    expect(runs).toHaveLength(2)
    for (const { metadata, ...run } of runs) {
      const of = `run="${metadata.name}",namespace="${fixture.namespace}"`
      const value = async (query: string) => (await answerTo(query))[0]?.value
      const miou = (protocol: string) =>
        value(`max(neco_result_miou_ratio{${of},at="1",protocol="${protocol}"})`)
      expect({
        run: metadata.name,
        loss: await value(`max(neco_result_loss{${of}})`),
        throughput: await value(`max(neco_result_images_per_second{${of}})`),
        inContext: await miou('in-context'),
        linear: await miou('linear'),
        agreement: await value(`max(neco_result_neighbor_agreement_ratio{${of},at="1"})`),
      }).toEqual(expected({ metadata, ...run }))
    }
  })

  test('with the settings of a run, joined by neco_run_info', async () => {
    const join = 'on (namespace, run) group_left (sweep, loss_student_steepness)'
    const query = `neco_result_miou_ratio{at="1",protocol="in-context"} * ${join} neco_run_info`
    const samples = await answerTo(query)
    const settings = samples.map(({ labels }) => [labels['run'], labels['loss_student_steepness']])
    expect(settings.toSorted()).toEqual([
      ['watched-0-r0', '10'],
      ['watched-1-r0', '100'],
    ])
  })
})

const isOperator = (pod: string): boolean => pod.startsWith('neco-neco-operator-')
const seriesLines = (text: string): string[] =>
  text.split('\n').filter((line) => /^[a-z]/.test(line))

describe('the metrics of pods', () => {
  const programs = ['an operator', 'a trainer', 'an evaluator']
  const readMetricKind = (pod: string): string => {
    if (isOperator(pod)) return 'an operator'
    return pod.includes('-e0-') ? 'an evaluator' : 'a trainer'
  }

  test('come from all three programs, and from the pod of every attempt', async () => {
    expect([...new Set([...metricRows.keys()].map(readMetricKind))].toSorted()).toEqual(
      programs.toSorted(),
    )
    const tasks = (await fixture.runs()).flatMap(({ status }) => status?.tasks ?? [])
    const attempts = tasks.reduce((sum, { attempt }) => sum + attempt, 0)
    expect(attempts).toBeGreaterThanOrEqual(4)
    expect([...metricRows.keys()].filter((pod) => !isOperator(pod))).toHaveLength(attempts)
  })

  test.each(programs)('pass promtool check metrics, for %s', async (kind) => {
    for (const [pod, text] of metricRows) {
      if (readMetricKind(pod) !== kind) continue
      const check = promisify(execFile)(testbed.programs.promtool, ['check', 'metrics'])
      check.child.stdin?.end(text)
      expect(await check).toEqual({ stdout: '', stderr: '' })
    }
  })

  test('are at most twenty series per run', async () => {
    for (const target of await tell()) await read(target)
    const ofOperators = [...metricRows].filter(([pod]) => isOperator(pod))
    for (const run of ['watched-0-r0', 'watched-1-r0']) {
      const counts = ofOperators.map(
        ([, text]) => seriesLines(text).filter((line) => line.includes(`run="${run}"`)).length,
      )
      // The standby exports nothing about runs.
      expect(counts.toSorted()[0]).toBe(0)
      const most = Math.max(...counts)
      expect(most).toBeGreaterThan(8)
      expect(most).toBeLessThanOrEqual(MAX_SERIES_PER_RUN)
      const ofPods = [...metricRows].filter(([pod]) => pod.startsWith(run))
      const shownByPods = ofPods.map(([, text]) => seriesLines(text).length)
      expect(Math.max(...shownByPods)).toBeLessThanOrEqual(MAX_SERIES_PER_RUN)
      printMeasurement(
        `series of ${run}: ${most} by the operator, ${shownByPods.join(' and ')} by its pods`,
      )
    }
  })

  test('have hyperparameters as labels of neco_run_info only', () => {
    const lines = [...metricRows.values()].flatMap(seriesLines)
    const named = lines.filter((line) => line.includes('loss_student_steepness='))
    expect(new Set(named.map((line) => line.split('{')[0]))).toEqual(new Set(['neco_run_info']))
  })
})

test('end with the deletion of their sweep', async () => {
  await testbed.kubectl.ok(['delete', 'necosweep', NAME, '-n', fixture.namespace])
  await waitUntil({
    what: 'no series of the sweep',
    withinMs: 60_000,
    look: async () => {
      const left = await prometheus.query(`{namespace="${fixture.namespace}",run=~"watched-.*"}`)
      const ofSweep = await prometheus.query(`{sweep="${NAME}"}`)
      return (left.length === 0 && ofSweep.length === 0) || undefined
    },
  })
})
