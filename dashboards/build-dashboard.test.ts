import { describe, expect, test } from 'vitest'
import { createOperatorMetrics } from '../operator/observability/metrics-registry.ts'
import { STUDY_FAMILY_NAMES } from '../operator/observability/study-families.ts'
import { createPodMetrics } from '../pod/pod-metrics.ts'
import { listDashboardQueries } from '../test/fixtures/dashboard-queries.ts'
import { buildDashboard, DASHBOARD_UID } from './build-dashboard.ts'
import { DASHBOARD_ROWS } from './panels.ts'

const dashboard = JSON.parse(JSON.stringify(buildDashboard()))
const ASKED = listDashboardQueries({
  namespace: 'team',
  sweep: '.*',
  run: '.*',
  rateInterval: '30s',
})

const operatorFamilies = (): string[] =>
  createOperatorMetrics(1000)
    .registry.getMetricsAsArray()
    .flatMap(({ name }) => [name, `${name}_bucket`])
const podFamilies = (program: 'trainer' | 'evaluator'): string[] => {
  const identity = { run: 'r', attempt: 1, podUid: 'u' }
  return createPodMetrics(identity, program, () => new Date(0))
    .registry.getMetricsAsArray()
    .map(({ name }) => name)
}

describe('the dashboard', () => {
  test('has an address that never changes, and no data source of its own', () => {
    expect(dashboard.uid).toBe(DASHBOARD_UID)
    const sources = [...JSON.stringify(dashboard).matchAll(/"uid":"([^"]*)"/g)].map(
      ([, uid]) => uid,
    )
    expect(new Set(sources)).toEqual(new Set([DASHBOARD_UID, '$datasource']))
  })
  test('leads from the namespace to the sweep to the run', () => {
    const variables = dashboard.templating.list as { name: string; definition?: string }[]
    expect(variables.map(({ name }) => name)).toEqual(['datasource', 'namespace', 'sweep', 'run'])
    expect(variables.slice(1).map(({ definition }) => definition)).toEqual([
      'label_values(neco_run_info, namespace)',
      'label_values(neco_run_info{namespace=~"$namespace"}, sweep)',
      'label_values(neco_run_info{namespace=~"$namespace", sweep=~"$sweep"}, run)',
    ])
  })
  test('draws every panel once, under an id of its own, inside the grid', () => {
    const panels = dashboard.panels as { id: number; gridPos: { x: number; w: number } }[]
    const planned = DASHBOARD_ROWS.length + DASHBOARD_ROWS.flatMap(({ panels }) => panels).length
    expect(new Set(panels.map(({ id }) => id)).size).toBe(planned)
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
  })
})

describe('its queries', () => {
  test('hold no variable once Grafana has put them in', () => {
    expect(ASKED.filter(({ expr }) => expr.includes('$'))).toEqual([])
    expect(ASKED.length).toBeGreaterThan(20)
  })
  test('ask only for measures that pods and operator export', () => {
    const exported = new Set([
      ...STUDY_FAMILY_NAMES,
      ...operatorFamilies(),
      ...podFamilies('trainer'),
      ...podFamilies('evaluator'),
    ])
    const asked = ASKED.flatMap(({ expr }) => [
      ...expr.matchAll(/\b(?:neco|workqueue|controller_runtime|rest_client|leader_election)_\w+/g),
    ]).map(([name]) => name)
    expect(asked.filter((name) => !exported.has(name))).toEqual([])
    expect(asked.length).toBeGreaterThan(ASKED.length)
  })
})
