import { describe, expect, test } from 'vitest'
import { readConfig, readOperatorIdentity } from './read-config.ts'

const read = (text: string, environment: Record<string, string> = {}) =>
  readConfig({ file: 'config.yaml', text, environment })

const readProblems = (text: string): readonly string[] => {
  const result = read(text)
  return result.ok ? [] : result.problems
}

describe('the configuration of the operator', () => {
  test('takes every default from an empty file', () => {
    const result = read('')
    expect(result).toEqual({
      ok: true,
      config: {
        defaults: { imagePullSecrets: [], jobSeconds: 3600, metricsPort: 9400 },
        lease: { name: 'neco-operator', durationSeconds: 15, renewSeconds: 10, retrySeconds: 2 },
        ports: { metrics: 8080, health: 8081 },
        watchNamespaces: [],
        concurrency: 8,
        log: { level: 'info' },
        metrics: { maxSeries: 50_000 },
      },
    })
  })

  test('reads YAML and JSON alike', () => {
    const yaml = 'ports: { metrics: 1, health: 2 }\nlease:\n  name: other\n'
    const json = '{"ports":{"metrics":1,"health":2},"lease":{"name":"other"}}'
    expect(read(yaml)).toEqual(read(json))
    expect(read(yaml).ok).toBe(true)
  })

  test('names the file, the field and what is wrong, for every problem at once', () => {
    const text =
      'ports: { metrics: 70000 }\nnats: { servers: [nats.example], credentialsFile: a, accountSigningKeyFile: b }\nlogs: {}\n'
    expect(readProblems(text)).toEqual([
      'config.yaml: nats.servers[0]: expected a URL such as nats://nats.nats:4222',
      'config.yaml: ports.metrics: Too big: expected number to be <=65535',
      'config.yaml: logs: unknown field',
    ])
  })

  test('says line and column where it is no YAML', () => {
    expect(readProblems('ports: [\n')[0]).toMatch(/^config\.yaml:\d+:\d+: /)
  })

  test('refuses a list where fields belong', () => {
    expect(readProblems('- 1\n')[0]).toMatch(/^config\.yaml: Invalid input: expected object/)
  })

  test('refuses a lease that another could take while its holder still writes', () => {
    expect(readProblems('lease: { durationSeconds: 10, renewSeconds: 10 }')).toEqual([
      'config.yaml: lease.renewSeconds: must be less than durationSeconds, so that a leader stops before another starts',
    ])
    expect(readProblems('lease: { retrySeconds: 10 }')).toEqual([
      'config.yaml: lease.retrySeconds: must be less than renewSeconds, so that there is a second try',
    ])
  })

  test('refuses a bus that pods could not be let into', () => {
    expect(readProblems('nats: { servers: [tls://n:4222], credentialsFile: a }')).toEqual([
      'config.yaml: nats.accountSigningKeyFile: required: the seed (SA…) that signs the credentials of pods',
    ])
  })

  test('lets the environment say how much is logged', () => {
    const result = read('log: { level: error }', { NECO_LOG_LEVEL: 'debug' })
    expect(result.ok && result.config.log.level).toBe('debug')
  })
})

describe('who the operator is', () => {
  const host = { name: 'laptop', pid: 7 }

  test('is its pod in a cluster', () => {
    const environment = { POD_NAME: 'neco-operator-x', POD_NAMESPACE: 'neco' }
    expect(readOperatorIdentity(environment, host)).toEqual({
      identity: 'neco-operator-x',
      namespace: 'neco',
    })
  })

  test('is host and process elsewhere', () => {
    expect(readOperatorIdentity({}, host)).toEqual({ identity: 'laptop-7', namespace: 'default' })
  })
})
