import { execFile } from 'node:child_process'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseManifestText } from '../../cli/manifest/read-manifest.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import { type AskedQuery, dashboardQueries } from '../../dashboards/queries.ts'
import { MOST_SERIES_OF_RUN } from '../../operator/observability/study-series.ts'
import { REDUCED } from '../run-example.ts'
import { type BedFolder, openBedFolder } from './bed/bed-folder.ts'
import { type PrometheusBed, type Sample, startPrometheus } from './bed/prometheus-bed.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { printFigure } from './figure.ts'
import { podMonitors, type Target, targetsOf } from './pod-targets.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

const bed = sharedBed()
const NAME = 'watched'
/** Long enough to be seen at work: Prometheus takes up to five seconds to hear of a new pod, and results are seen while others follow. */
const STUDY = [
  ...REDUCED,
  `metadata.name=${NAME}`,
  'points=[{loss.studentSteepness: 10}, {loss.studentSteepness: 100}]',
  'replicates=1',
  'optimizer.steps=80',
  'checkpoint.everySteps=10',
  'evaluations[0].at=[0, 0.5, 1]',
  'evaluations[0].memory.count=40',
  'evaluations[0].validation.count=200',
]

let ground: StudyGround
let folder: BedFolder
let prometheus: PrometheusBed
/** The newest text that each pod showed, by its name. */
const shown = new Map<string, string>()
/** Answers that came while the study was at work, by query. */
const live = new Map<string, readonly Sample[]>()
let monitors: Awaited<ReturnType<typeof podMonitors>>
let asked: readonly AskedQuery[]

const fileOfTargets = (): string => bed.path('monitoring-targets.json')

/** Tells Prometheus of the pods that are there now; it must never read half a file. */
async function tell(): Promise<readonly Target[]> {
  const targets = await targetsOf(bed, monitors)
  const draft = bed.path('monitoring-targets.draft')
  await writeFile(draft, JSON.stringify(targets))
  await rename(draft, fileOfTargets())
  return targets
}

/** A pod that is gone by now, or not there yet, shows nothing. */
async function read({ targets, labels }: Target): Promise<void> {
  const text = await fetch(`http://${targets[0]}/metrics`).then(
    (answer) => answer.text(),
    () => undefined,
  )
  if (text !== undefined) shown.set(labels['pod'] ?? '', text)
}

const LIVE = {
  loss: 'neco_train_loss and neco_train_step > 0',
  throughput: 'neco_train_images_per_second > 0',
  mIoU: 'neco_eval_miou_ratio',
  agreement: 'neco_eval_neighbor_agreement_ratio',
  state: 'neco_run_state{state="Running"}',
}

/** Asks what was not answered yet. */
async function ask(queries: readonly string[]): Promise<void> {
  const open = queries.filter((query) => !live.has(query))
  const answers = open.map(async (query) => {
    const samples = await prometheus.query(query)
    if (samples.length > 0) live.set(query, samples)
  })
  await Promise.all(answers)
}

const isComplete = async (): Promise<boolean> => {
  const { status } = await ground.sweep(NAME)
  return (
    status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True') ??
    false
  )
}

beforeAll(async () => {
  ground = await openStudyGround(bed, { name: 'monitoring' })
  const { namespace } = ground
  folder = await openBedFolder()
  monitors = await podMonitors(bed, ground)
  asked = dashboardQueries({ namespace, sweep: NAME, run: '.*', rateInterval: '10s' })
  await tell()
  const { prometheus: program } = bed.programs
  const targetsFile = fileOfTargets()
  prometheus = await startPrometheus({ folder, program, targetsFile, scrapeEvery: '250ms' })
  const file = join(import.meta.dirname, '../../examples/sweep-steepness.yaml')
  const manifest = parseManifestText({ file, text: await readFile(file, 'utf8'), overrides: STUDY })
  if (manifest.kind !== 'NeCoSweep') throw new Error('no sweep')
  await ground.apply(manifest.sweep)
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
  await ground?.close()
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

describe('while a study is at work a real Prometheus answers', () => {
  test.each(Object.entries(LIVE))('%s of its runs', (_what, query) => {
    const samples = live.get(query) ?? []
    expect(samples.length).toBeGreaterThan(0)
    for (const { labels, value } of samples) {
      expect(labels).toMatchObject({ namespace: ground.namespace })
      expect(labels['run']).toMatch(/^watched-[01]-r0$/)
      expect(value).toBeGreaterThan(-1)
    }
  })

  test('though its pods live for seconds', async () => {
    const tasks = (await ground.runs()).flatMap(({ status }) => status?.tasks ?? [])
    const lived = tasks.map(({ name, ranMs = 0 }) => `${name} ${(ranMs / 1000).toFixed(1)} s`)
    printFigure(`pods that were scraped every 250 ms: ${lived.join(', ')}`)
    expect(lived).toHaveLength(4)
  })

  test('and says which pod of which work it had that from', () => {
    const [sample] = live.get(LIVE.loss) ?? []
    expect(sample?.labels).toMatchObject({ sweep: NAME, attempt: '1', task: 'training' })
    expect(sample?.labels['pod']).toMatch(/^watched-[01]-r0-a1-/)
  })

  test('everything that the dashboard asks, then or afterwards', async () => {
    await ask(asked.map(({ expr }) => expr))
    const unanswered = asked.filter(({ expr }) => !live.has(expr))
    expect(unanswered.map(({ panel }) => panel)).toEqual([])
    expect(asked.length).toBeGreaterThan(15)
  })
})

/** What the API server has of a run, as Prometheus should have it too. */
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
  test('loss, throughput, mIoU and agreement of each run as its status has them', async () => {
    const runs = await ground.runs()
    expect(runs).toHaveLength(2)
    for (const { metadata, ...run } of runs) {
      const of = `run="${metadata.name}",namespace="${ground.namespace}"`
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

describe('what the pods show', () => {
  const programs = ['an operator', 'a trainer', 'an evaluator']
  const kindOf = (pod: string): string => {
    if (isOperator(pod)) return 'an operator'
    return pod.includes('-e0-') ? 'an evaluator' : 'a trainer'
  }

  test('is of all three programs, and of every pod', () => {
    expect([...new Set([...shown.keys()].map(kindOf))].toSorted()).toEqual(programs.toSorted())
    expect([...shown.keys()].filter((pod) => !isOperator(pod))).toHaveLength(4)
  })

  test.each(programs)('passes promtool check metrics, of %s', async (kind) => {
    for (const [pod, text] of shown) {
      if (kindOf(pod) !== kind) continue
      const check = promisify(execFile)(bed.programs.promtool, ['check', 'metrics'])
      check.child.stdin?.end(text)
      expect(await check).toEqual({ stdout: '', stderr: '' })
    }
  })

  test('is at most twenty series a run', async () => {
    for (const target of await tell()) await read(target)
    const ofOperators = [...shown].filter(([pod]) => isOperator(pod))
    for (const run of ['watched-0-r0', 'watched-1-r0']) {
      const counts = ofOperators.map(
        ([, text]) => seriesLines(text).filter((line) => line.includes(`run="${run}"`)).length,
      )
      // The standby shows nothing of runs.
      expect(counts.toSorted()[0]).toBe(0)
      const most = Math.max(...counts)
      expect(most).toBeGreaterThan(8)
      expect(most).toBeLessThanOrEqual(MOST_SERIES_OF_RUN)
      const ofPods = [...shown].filter(([pod]) => pod.startsWith(run))
      const shownByPods = ofPods.map(([, text]) => seriesLines(text).length)
      expect(Math.max(...shownByPods)).toBeLessThanOrEqual(MOST_SERIES_OF_RUN)
      printFigure(
        `series of ${run}: ${most} by the operator, ${shownByPods.join(' and ')} by its pods`,
      )
    }
  })

  test('names hyperparameters on neco_run_info alone', () => {
    const lines = [...shown.values()].flatMap(seriesLines)
    const named = lines.filter((line) => line.includes('loss_student_steepness='))
    expect(new Set(named.map((line) => line.split('{')[0]))).toEqual(new Set(['neco_run_info']))
  })
})

test('the series of a sweep are gone with it', async () => {
  await bed.kubectl.ok(['delete', 'necosweep', NAME, '-n', ground.namespace])
  await waitUntil({
    what: 'no series of the sweep',
    withinMs: 60_000,
    look: async () => {
      const left = await prometheus.query(`{namespace="${ground.namespace}",run=~"watched-.*"}`)
      const ofSweep = await prometheus.query(`{sweep="${NAME}"}`)
      return (left.length === 0 && ofSweep.length === 0) || undefined
    },
  })
})
