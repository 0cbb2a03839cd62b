import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { RunReport } from '../contract/run-report.ts'
import { serveMetrics } from './metrics-server.ts'
import { createPodMetrics, type PodMetrics } from './pod-metrics.ts'

const identity = { sweep: 'study', run: 'study-0-r0', attempt: 2, podUid: 'pod' }
const now = () => new Date(1_700_000_000_500)
const report = (body: Partial<RunReport>): RunReport => ({
  schemaVersion: 1,
  run: identity.run,
  attempt: 2,
  podUid: 'pod',
  sequence: 1,
  kind: 'Step',
  step: 0,
  totalSteps: 8,
  imagesSeen: 0,
  wallTime: '2026-11-24T10:00:00.000Z',
  monotonicMs: 0,
  metrics: {},
  ...body,
})
const step = (number: number) => ({
  kind: 'Step' as const,
  step: number,
  totalSteps: 8,
  imagesSeen: 4 * number,
  metrics: { loss: 3.5, imagesPerSecond: 20 },
})

/** The series and their values, without the labels that every one has. */
async function shown({ registry }: PodMetrics): Promise<Record<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => /^[a-z]/.test(line))
  const own = 'run="study-0-r0",attempt="2",sweep="study"'
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      expect(line).toContain(own)
      const name = line.slice(0, at).replace(own, '').replace(',}', '}').replace('{}', '')
      return [name, Number(line.slice(at + 1))]
    }),
  )
}

describe('the metrics of a trainer', () => {
  test('show its last step, the images that this pod saw, and its checkpoint', async () => {
    const metrics = createPodMetrics(identity, 'trainer', now)
    metrics.reported([report({ kind: 'Started', step: 2, imagesSeen: 8 })])
    metrics.stepped(step(3))
    metrics.stepped(step(4))
    metrics.reported([report({ kind: 'Checkpoint', step: 4, imagesSeen: 16 })])
    metrics.unshipped(7)
    expect(await shown(metrics)).toEqual({
      neco_bus_unshipped_reports: 7,
      neco_train_loss: 3.5,
      neco_train_images_per_second: 20,
      neco_train_step: 4,
      neco_train_steps: 8,
      neco_train_last_step_timestamp_seconds: 1_700_000_000.5,
      neco_train_checkpoint_step: 4,
      neco_train_checkpoint_timestamp_seconds: 1_700_000_000.5,
      neco_train_images_total: 8,
    })
  })
})

describe('the metrics of an evaluator', () => {
  const evaluation = (at: number) =>
    report({
      kind: 'Evaluation',
      step: at,
      totalSteps: at === 0 ? 0 : 100,
      metrics: { inContextMiou: 40 + at, linearMiou: 50, neighborAgreementTau: 0.25 },
    })

  test('show what was measured, by protocol and fraction of the schedule, as ratios', async () => {
    const metrics = createPodMetrics(identity, 'evaluator', now)
    metrics.reported([evaluation(0), evaluation(50)])
    expect(await shown(metrics)).toEqual({
      neco_bus_unshipped_reports: 0,
      'neco_eval_miou_ratio{protocol="in-context",fraction="0"}': 0.4,
      'neco_eval_miou_ratio{protocol="linear",fraction="0"}': 0.5,
      'neco_eval_miou_ratio{protocol="in-context",fraction="0.5"}': 0.9,
      'neco_eval_miou_ratio{protocol="linear",fraction="0.5"}': 0.5,
      'neco_eval_neighbor_agreement_ratio{fraction="0"}': 0.25,
      'neco_eval_neighbor_agreement_ratio{fraction="0.5"}': 0.25,
    })
  })

  test('stay below 20 series, however many fractions there are', async () => {
    const metrics = createPodMetrics(identity, 'evaluator', now)
    for (let at = 1; at <= 20; at++) metrics.reported([evaluation(at)])
    expect(Object.keys(await shown(metrics))).toHaveLength(11)
  })
})

describe('the metrics server', () => {
  test('answers /metrics and /healthz, and nothing else', async () => {
    const { registry } = createPodMetrics(identity, 'trainer', now)
    const server = await serveMetrics({ registry, host: '127.0.0.1', port: 0 })
    const get = (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`)
    const metrics = await get('/metrics?name=x')
    expect(metrics.headers.get('content-type')).toContain('text/plain')
    expect(await metrics.text()).toContain('# TYPE neco_train_loss gauge')
    expect(await (await get('/healthz')).text()).toBe('ok\n')
    expect((await get('/')).status).toBe(404)
    server.close()
    await expect(get('/metrics')).rejects.toThrow()
  })

  test('refuses a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { registry } = createPodMetrics(identity, 'trainer', now)
    await expect(serveMetrics({ registry, host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    other.close()
  })
})
