import { describe, expect, test } from 'vitest'
import { createOperatorMetrics } from './metrics-registry.ts'

async function renderLines(
  prefix: RegExp,
  fill: (metrics: ReturnType<typeof createOperatorMetrics>) => void,
) {
  const metrics = createOperatorMetrics(1000)
  fill(metrics)
  const text = await metrics.registry.metrics()
  return text.split('\n').filter((line) => prefix.test(line))
}

describe('metrics of the controllers', () => {
  test('count rounds, waiting keys and seconds as controller-runtime does', async () => {
    let nowMs = 0
    const lines = await renderLines(/^(workqueue|controller)(?!.*_bucket)/, ({ controllers }) => {
      const observer = controllers('necorun', () => nowMs)
      observer.added('a')
      observer.added('b')
      nowMs = 2000
      observer.started('a')
      nowMs = 5000
      observer.ended('a', 'Failed')
      observer.added('a')
    })
    expect(lines).toEqual([
      'controller_runtime_reconcile_total{controller="necorun",result="success"} 0',
      'controller_runtime_reconcile_total{controller="necorun",result="requeue_after"} 0',
      'controller_runtime_reconcile_total{controller="necorun",result="error"} 1',
      'controller_runtime_reconcile_errors_total{controller="necorun"} 1',
      'controller_runtime_reconcile_time_seconds_sum{controller="necorun"} 3',
      'controller_runtime_reconcile_time_seconds_count{controller="necorun"} 1',
      'workqueue_depth{name="necorun"} 2',
      'workqueue_adds_total{name="necorun"} 3',
      'workqueue_retries_total{name="necorun"} 1',
      'workqueue_queue_duration_seconds_sum{name="necorun"} 2',
      'workqueue_queue_duration_seconds_count{name="necorun"} 1',
      'workqueue_work_duration_seconds_sum{name="necorun"} 3',
      'workqueue_work_duration_seconds_count{name="necorun"} 1',
    ])
  })
})

describe('metrics of the operator', () => {
  test('count requests by verb and code, also those that nobody answered', async () => {
    const lines = await renderLines(/^rest_client/, ({ operator }) => {
      operator.countRequest({ verb: 'GET', status: 200 })
      operator.countRequest({ verb: 'GET', status: 200 })
      operator.countRequest({ verb: 'WATCH', status: 0 })
    })
    expect(lines).toEqual([
      'rest_client_requests_total{code="200",method="GET"} 2',
      'rest_client_requests_total{code="<error>",method="WATCH"} 1',
    ])
  })

  test('say who leads, when each watch last spoke, and whether the bus is there', async () => {
    const lines = await renderLines(
      /^(leader|neco_watch|neco_bus|neco_reports)/,
      ({ operator }) => {
        operator.setLeader('neco-operator', true)
        operator.setLastWatchEvent('NeCoRun', 1500)
        operator.setLastWatchEvent('Pod', undefined)
        operator.watchRestarted('NeCoRun')
        operator.setBusState('Connected')
        operator.reportReceived()
      },
    )
    expect(lines).toEqual([
      'neco_bus_connected 1',
      'neco_reports_received_total 1',
      'leader_election_master_status{name="neco-operator"} 1',
      'neco_watch_last_event_timestamp_seconds{kind="NeCoRun"} 1.5',
      'neco_watch_restarts_total{kind="NeCoRun"} 1',
      'neco_watch_restarts_total{kind="Pod"} 0',
    ])
  })

  test('show what the process used as it goes on', async () => {
    const usage = { residentBytes: 3, heapUsedBytes: 2, startSeconds: 1 }
    const lines = await renderLines(/^(process|nodejs|neco_event)/, ({ operator }) => {
      operator.setProcessUsage({ ...usage, cpuSeconds: 2 })
      operator.setProcessUsage({ ...usage, cpuSeconds: 5 })
      operator.setEventLoopLag({ p50: 0, p99: 0.25, max: 0.5 })
    })
    expect(lines).toEqual([
      'neco_event_loop_lag_seconds{statistic="p50"} 0',
      'neco_event_loop_lag_seconds{statistic="p99"} 0.25',
      'neco_event_loop_lag_seconds{statistic="max"} 0.5',
      'process_resident_memory_bytes 3',
      'nodejs_heap_used_bytes 2',
      'process_start_time_seconds 1',
      'process_cpu_seconds_total 5',
    ])
  })
})
