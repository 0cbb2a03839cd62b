import { describe, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { createOperatorMetrics } from './metrics-registry.ts'
import { createWatchMonitor } from './watch-monitor.ts'

function openMonitor() {
  let ms = 0
  const lines: string[] = []
  const metrics = createOperatorMetrics(100)
  const monitor = createWatchMonitor({
    log: createLog({ level: 'info', write: (line) => lines.push(line), nowMs: () => 0 }),
    gauges: metrics.operator,
    nowMs: () => 1_000_000 + ms,
    monotonicMs: () => ms,
  })
  const pass = (passedMs: number): void => {
    ms += passedMs
  }
  return { board: monitor, lines, pass, registry: metrics.registry }
}

const MINUTES = 60_000

describe('the board of watches', () => {
  test('calls a watch dead that has neither received nor tried anything for ten minutes', () => {
    const { board: monitor, pass } = openMonitor()
    const runs = monitor.createObserver('NeCoRun')
    monitor.createObserver('Pod')
    pass(9 * MINUTES)
    runs.received?.()
    pass(2 * MINUTES)
    expect(monitor.listDeadWatches()).toEqual(['watch of Pod'])
  })

  test('calls no watch dead because the API server is away, however long', () => {
    const { board: monitor, pass } = openMonitor()
    const runs = monitor.createObserver('NeCoRun')
    for (let i = 0; i < 200; i++) {
      pass(30_000)
      runs.failed?.('list', new Error('connect ECONNREFUSED'))
    }
    expect(monitor.listDeadWatches()).toEqual([])
  })

  test('counts every start of a watch but the first, and says when it last received anything', async () => {
    const { board: monitor, pass, registry, lines } = openMonitor()
    const runs = monitor.createObserver('NeCoRun')
    runs.listed?.(3, 12)
    for (let i = 0; i < 3; i++) runs.watchStarted?.()
    pass(500)
    runs.received?.()
    runs.failed?.('watch', new Error('reset'))
    const text = await registry.metrics()
    expect(text).toContain('neco_watch_restarts_total{kind="NeCoRun"} 2')
    expect(text).toContain('neco_watch_last_event_timestamp_seconds{kind="NeCoRun"} 1000.5')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual([
      'objects listed',
      'watch failed; it is tried again',
    ])
  })
})
