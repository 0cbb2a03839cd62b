import { describe, expect, test } from 'vitest'
import { createOperatorMetrics } from './metrics-registry.ts'
import { STUDY_FAMILIES } from './study-families.ts'

interface NamedMetric {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly labels: readonly string[]
}

/** Those in the registry, and those of studies, which are written without it. */
async function allMetrics(): Promise<readonly NamedMetric[]> {
  const { registry } = createOperatorMetrics(1000)
  const listLabels = (name: string): readonly string[] =>
    (registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] }).labelNames
  const registered = (await registry.getMetricsAsJSON()).map(({ name, help, type }) => ({
    name,
    help,
    type: String(type),
    labels: listLabels(name),
  }))
  const ofStudies = Object.entries(STUDY_FAMILIES).map(([name, family]) => ({
    ...family,
    name,
    type: 'gauge',
  }))
  return [...registered, ...ofStudies]
}

const metrics = await allMetrics()
const labels = metrics.flatMap((metric) => metric.labels)
const parts = (name: string): readonly string[] => name.split('_')
const names = (wrong: (name: string) => boolean): readonly string[] =>
  metrics.map(({ name }) => name).filter(wrong)

const NOT_BASE_UNITS = [
  ...['milliseconds', 'microseconds', 'nanoseconds', 'minutes', 'hours', 'days', 'weeks'],
  ...['kilobytes', 'megabytes', 'gigabytes', 'bits', 'percent', 'fahrenheit'],
]
const ABBREVIATED = ['s', 'ms', 'us', 'ns', 'sec', 'b', 'kb', 'mb', 'gb', 'tb', 'pb', 'm', 'h', 'd']
const TYPES = ['gauge', 'counter', 'summary', 'histogram', 'untyped']

/** The rules of `promtool check metrics`, which asks a running operator in the cluster tests. */
describe('the names of metrics', () => {
  test('are snake case, as labels are', () => {
    expect(names((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([])
    expect(labels.filter((label) => !/^[a-z][a-z0-9_]*$/.test(label))).toEqual([])
  })

  test('end in _total for counters and for nothing else', () => {
    const counters = metrics.filter(({ type }) => type === 'counter')
    expect(counters.length).toBeGreaterThan(5)
    expect(counters.filter(({ name }) => !name.endsWith('_total'))).toEqual([])
    expect(
      metrics.filter(({ name, type }) => name.endsWith('_total') && type !== 'counter'),
    ).toEqual([])
  })

  test('keep the suffixes and labels of histograms for histograms', () => {
    expect(names((name) => /_(bucket|count|sum)$/.test(name))).toEqual([])
    expect(labels.filter((label) => label === 'quantile' || label === 'le')).toEqual([])
  })

  test('use base units in full, and no type', () => {
    const taken = new Set([...NOT_BASE_UNITS, ...ABBREVIATED, ...TYPES])
    expect(names((name) => parts(name).some((part) => taken.has(part)))).toEqual([])
  })

  test('come with a help text that is a sentence', () => {
    expect(metrics.filter(({ help }) => !/^[A-Z0-9].*\.$/.test(help))).toEqual([])
  })

  test('are of this operator, or those that controller-runtime and every process have', () => {
    const known =
      /^(neco_|controller_runtime_|workqueue_|rest_client_|leader_election_|process_|nodejs_)/
    expect(names((name) => !known.test(name))).toEqual([])
  })
})
