import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { API_GROUP_VERSION } from '../../../crds/names.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { createApiClient } from '../../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../../kube/client/api-endpoint.ts'
import { findCondition, isEnded } from '../../../operator/core/conditions.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { computeInstantMiou, createInstantExecutor, FAILING_POINTS } from './instant-pods.ts'
import { instantSweep, toSweepRunTable } from './instant-sweep.ts'
import { openStudyFixture, type StudyFixture } from './study-fixture.ts'

const testbed = sharedTestbed()
const NAME = 'three-hundred'
const POINTS = 300
const MOST_BYTES = 64 * 1024

let fixture: StudyFixture
beforeAll(async () => {
  fixture = await openStudyFixture(testbed, {
    name: NAME,
    executor: createInstantExecutor(),
    gpusPerNode: 32,
  })
})
afterAll(() => fixture?.close())

interface PodWatchEvent {
  readonly type: string
  readonly object: NeCoSweep
}

/** Every state of the sweep in a watch, up to its end. */
async function* watchPodStates(namespace: string): AsyncGenerator<NeCoSweep> {
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(testbed.kubeconfig('admin'))
  const api = createApiClient({ endpoint: createApiEndpoint(kubeConfig), clock: systemClock })
  try {
    const path = `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/necosweeps`
    for await (const line of api.stream({ method: 'GET', path, query: { watch: true } })) {
      const { object } = JSON.parse(line) as PodWatchEvent
      yield object
      if (isEnded(object.status?.conditions)) return
    }
    throw new Error('the watch ended before the sweep')
  } finally {
    api.close()
  }
}

const hopeful = Array.from({ length: POINTS }, (_, point) => point).filter(
  (point) => !FAILING_POINTS.has(point),
)
const bestPoints = hopeful
  .map((point) => ({ point, mean: computeInstantMiou({ point, replicate: 0 }) }))
  .sort((a, b) => b.mean - a.mean || a.point - b.point)

test('a sweep of 300 points ends with all runs counted, the best first, and its status small', async () => {
  const startMs = performance.now()
  await fixture.apply(instantSweep({ name: NAME, points: POINTS, replicates: 1, parallelism: 40 }))
  const sizes: number[] = []
  const counted: number[] = []
  for await (const { status } of watchPodStates(fixture.namespace)) {
    sizes.push(Buffer.byteLength(JSON.stringify(status ?? {})))
    const { pending = POINTS, running = 0, succeeded = 0, failed = 0 } = status ?? {}
    counted.push(pending + running + succeeded + failed)
  }
  const seconds = (performance.now() - startMs) / 1000
  printMeasurement(
    `300 points in ${seconds.toFixed(0)} s; ${sizes.length} states, the largest status ${Math.max(...sizes)} bytes`,
  )
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MOST_BYTES)
  expect(new Set(counted)).toEqual(new Set([POINTS]))

  const { status } = await fixture.sweep(NAME)
  expect(status).toMatchObject({
    points: POINTS,
    total: POINTS,
    pending: 0,
    running: 0,
    succeeded: POINTS - FAILING_POINTS.size,
    failed: FAILING_POINTS.size,
    failures: { Infeasible: 1, UserError: 1 },
  })
  expect(findCondition(status?.conditions, 'Ready')).toMatchObject({ reason: 'PartlyFailed' })
  expect(status?.best?.map(({ mean }) => mean)).toEqual(
    bestPoints.slice(0, 10).map(({ mean }) => mean),
  )

  const table = toSweepRunTable(await fixture.runs())
  expect(table.map(({ point }) => point)).toEqual(Array.from({ length: POINTS }, (_, i) => i))
  for (const { point, verdict, found } of table) {
    const isHopeful = !FAILING_POINTS.has(point)
    expect(verdict === 'Succeeded', `point ${point}`).toBe(isHopeful)
    const measured = [
      { at: 1, metrics: { inContextMiou: computeInstantMiou({ point, replicate: 0 }) } },
    ]
    if (isHopeful) expect(found).toMatchObject(measured)
  }
})
