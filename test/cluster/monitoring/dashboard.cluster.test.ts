import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { API_GROUP_VERSION, LABELS } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { buildConditions } from '../../../operator/core/conditions.ts'
import { createOperatorMetrics } from '../../../operator/observability/metrics-registry.ts'
import { createPodMetrics } from '../../../pod/pod-metrics.ts'
import { listDashboardQueries } from '../../fixtures/dashboard-queries.ts'
import { buildSimulatedSweep } from '../../fixtures/simulated-study.ts'
import { type PrometheusTestbed, startPrometheusTestbed } from '../testbed/prometheus-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder, type TestbedFolder } from '../testbed/testbed-folder.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const { programs } = sharedTestbed()
const NAMESPACE = 'lab'
const MIOU = { 0: [30, 34], 1: [42, 46] } as const

const buildEvaluations = (replicate: 0 | 1) =>
  ([0, 1] as const).map((at) => ({
    name: 'quality',
    at,
    key: 'k',
    metrics: { inContextMiou: MIOU[at][replicate], linearMiou: 50, neighborAgreementTau: 0.25 },
  }))

const aRun = (replicate: 0 | 1): NeCoRun => ({
  apiVersion: API_GROUP_VERSION,
  kind: 'NeCoRun',
  metadata: {
    name: `study-0-r${replicate}`,
    namespace: NAMESPACE,
    labels: { [LABELS.sweep]: 'study', [LABELS.point]: '0', [LABELS.replicate]: `${replicate}` },
    ownerReferences: [
      { apiVersion: API_GROUP_VERSION, kind: 'NeCoSweep', name: 'study', uid: 'u' },
    ],
  },
  spec: { data: { kind: 'Scenes', count: 4 }, seed: 401 },
  status: {
    conditions: buildConditions({ state: 'Running', message: 'm', generation: 1, nowMs: 0 }),
    step: 30,
    totalSteps: 40,
    metrics: { loss: 1.5, imagesPerSecond: 80 },
    evaluations: buildEvaluations(replicate),
  },
})

/** Metrics of a leader after some reconciles, by the operator's own code. */
function simulateLeader(): () => Promise<string> {
  const { registry, operator, controllers, studies } = createOperatorMetrics(1000)
  const observer = controllers('necorun', () => performance.now())
  for (const outcome of ['Done', 'Failed'] as const) {
    observer.added('lab/study-0-r0')
    observer.started('lab/study-0-r0')
    observer.ended('lab/study-0-r0', outcome)
  }
  operator.countRequest({ verb: 'GET', status: 200 })
  operator.setLeader('neco-operator', true)
  operator.setBusState('Connected')
  operator.reportReceived()
  operator.setEventLoopLag({ p50: 0, p99: 0.002, max: 0.01 })
  const sweep = buildSimulatedSweep()
  const metadata = { ...sweep.metadata, namespace: NAMESPACE, uid: 'u' }
  const objects = { runs: [aRun(0), aRun(1)], sweeps: [{ ...sweep, metadata }] }
  return async () => `${await registry.metrics()}\n${await studies.text(objects)}`
}

const body = {
  step: 30,
  totalSteps: 40,
  imagesSeen: 480,
  metrics: { loss: 1.5, imagesPerSecond: 80 },
}

/** A trainer in the middle of its schedule, its newest checkpoint a minute old. */
function simulateTrainer(): () => Promise<string> {
  const identity = { run: 'study-0-r0', sweep: 'study', attempt: 1, podUid: 'p' }
  const metrics = createPodMetrics(identity, 'trainer', () => new Date(Date.now() - 60_000))
  metrics.stepped({ ...body, kind: 'Step' })
  metrics.reported([
    {
      ...body,
      kind: 'Checkpoint',
      schemaVersion: 1,
      run: identity.run,
      attempt: 1,
      podUid: 'p',
      sequence: 1,
      wallTime: new Date().toISOString(),
      monotonicMs: 0,
    },
  ])
  metrics.unshipped(3)
  return () => metrics.registry.metrics()
}

async function serve(metrics: () => Promise<string>): Promise<Server> {
  const server = createServer((_, response) => {
    metrics().then(
      (text) => response.setHeader('content-type', Registry.PROMETHEUS_CONTENT_TYPE).end(text),
      () => response.destroy(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const buildScrapeTarget = (server: Server, labels: object) => ({
  targets: [`127.0.0.1:${(server.address() as AddressInfo).port}`],
  labels,
})

let folder: TestbedFolder
let prometheus: PrometheusTestbed
const servers: Server[] = []
beforeAll(async () => {
  folder = await openTestbedFolder()
  servers.push(await serve(simulateLeader()), await serve(simulateTrainer()))
  const [operator, pod] = servers as [Server, Server]
  const targetsFile = join(folder.path, 'targets.json')
  const targets = [
    buildScrapeTarget(operator, {}),
    buildScrapeTarget(pod, { namespace: NAMESPACE, pod: 'p' }),
  ]
  await writeFile(targetsFile, JSON.stringify(targets))
  prometheus = await startPrometheusTestbed({ folder, program: programs.prometheus, targetsFile })
  await waitUntil({
    what: 'three scrapes of both',
    withinMs: 60_000,
    look: async () => {
      const counts = await prometheus.query('min(count_over_time(up[1m])) >= 3')
      return counts.length > 0 || undefined
    },
  })
})
afterAll(async () => {
  await prometheus?.close()
  for (const server of servers) server.close()
  await folder?.remove()
})

const CHOSEN = { namespace: NAMESPACE, sweep: 'study', run: '.*', rateInterval: '30s' }
const asked = listDashboardQueries(CHOSEN)

describe('Prometheus answers the queries of the dashboard', () => {
  test.each(asked.map(({ panel, expr }, index) => [`${panel} (${index})`, expr]))(
    '%s',
    async (_panel, expr) => {
      expect((await prometheus.query(expr)).length).toBeGreaterThan(0)
    },
  )

  const queryValues = async (panel: string): Promise<number[]> => {
    const queries = asked.filter((query) => query.panel === panel)
    const answers = await Promise.all(queries.map(({ expr }) => prometheus.query(expr)))
    return answers.flat().map(({ value }) => Number(value.toFixed(3)))
  }
  test('with the mean over the replicates, before and after, of each protocol', async () => {
    const values = await queryValues('mIoU before and after training')
    expect(values.toSorted()).toEqual([0.32, 0.44, 0.5, 0.5])
  })
  test('with the number of runs in a state, each run once', async () => {
    expect(await queryValues('Runs by state')).toEqual([2])
  })
  test('with the age of a checkpoint in seconds', async () => {
    const [ageSeconds = Number.NaN] = await queryValues('Age of the newest checkpoint')
    expect(ageSeconds).toBeGreaterThanOrEqual(60)
    expect(ageSeconds).toBeLessThan(3600)
  })
  test('without other namespaces', async () => {
    const elsewhere = listDashboardQueries({ ...CHOSEN, namespace: 'elsewhere' })
    const ofStudies = elsewhere.filter(({ expr }) => expr.includes('namespace=~'))
    const answers = await Promise.all(ofStudies.map(({ expr }) => prometheus.query(expr)))
    expect(answers.flat()).toEqual([])
    expect(ofStudies.length).toBeGreaterThan(10)
  })
})
