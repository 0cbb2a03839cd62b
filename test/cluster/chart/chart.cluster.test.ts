import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import * as z from 'zod'
import { OperatorConfig } from '../../../operator/config.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { buildFullValues } from './full-values.ts'
import { findGoModuleFolder } from './go-module.ts'
import { CHART, createHelm, objectsIn, type RenderedObject } from './helm.ts'

const PROMETHEUS_OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.91.0'
const POD_MONITORS = 'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml'

const testbed = sharedTestbed()
const helm = createHelm({
  program: testbed.programs.helm,
  folder: testbed.path(),
  kubeconfig: testbed.kubeconfig('admin'),
})

let namespace: string
let studies: string
beforeAll(async () => {
  namespace = await testbed.newNamespace('chart')
  studies = await testbed.newNamespace('studies')
  const file = join(await findGoModuleFolder(PROMETHEUS_OPERATOR), POD_MONITORS)
  await testbed.kubectl.ok(['apply', '--server-side', '-f', file])
  // kubectl wait fails where it looks before a new CRD has any condition.
  await waitUntil({
    what: 'PodMonitors',
    withinMs: 60_000,
    look: () =>
      testbed.kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', '-f', file]),
  })
})

async function render(values: object = {}): Promise<readonly RenderedObject[]> {
  const file = await helm.valuesFile(values)
  return objectsIn(await helm.ok(['template', 'neco', CHART, '-n', namespace, '--values', file]))
}

const only = (objects: readonly RenderedObject[], kind: string, name?: string): RenderedObject => {
  const found = objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  )
  expect(found.map(({ metadata }) => metadata.name)).toHaveLength(1)
  return found[0] as RenderedObject
}

const VARIANTS = ['defaults', 'everything enabled', 'one namespace watched'] as const
const buildVariantValues = (variant: (typeof VARIANTS)[number]): object =>
  ({
    defaults: {},
    'everything enabled': buildFullValues([]),
    'one namespace watched': buildFullValues([studies]),
  })[variant]

describe.each(VARIANTS)('the chart, with %s,', (variant) => {
  test('passes helm lint without a warning', async () => {
    const file = await helm.valuesFile(buildVariantValues(variant))
    const args = ['lint', CHART, '--strict', '--values', file]
    const { exitCode, stdout, stderr } = await helm.run(args)
    expect([exitCode, stdout.match(/\[(WARNING|ERROR)\].*/g), stderr]).toEqual([0, null, ''])
  })

  test('is accepted by the API server with strict validation, under restricted pod security', async () => {
    const label = 'pod-security.kubernetes.io/warn=restricted'
    await testbed.kubectl.ok(['label', 'namespace', namespace, label, '--overwrite'])
    const objects = await render(buildVariantValues(variant))
    const { exitCode, stderr } = await testbed.kubectl.run(
      ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
      { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) },
    )
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  test('gives the operator a valid configuration', async () => {
    const config = only(
      await render(buildVariantValues(variant)),
      'ConfigMap',
      toObjectName(variant),
    )
    const text = (config['data'] as { 'config.yaml': string })['config.yaml']
    expect(OperatorConfig.safeParse(parse(text)).error).toBeUndefined()
  })
})

const toObjectName = (variant: string): string =>
  variant === 'defaults' ? 'neco-neco-operator' : 'neco'

test('the values are passed to the configuration of the operator', async () => {
  const config = only(await render(buildFullValues([studies])), 'ConfigMap', 'neco')
  const text = (config['data'] as { 'config.yaml': string })['config.yaml']
  expect(parse(text)).toEqual({
    defaults: {
      image: 'mirror.example.org/neco/neco-operator/trainer:v2',
      imagePullPolicy: 'Always',
      imagePullSecrets: ['mirror'],
      storage: { claim: 'studies', path: 'neco' },
      resources: {
        requests: { cpu: 4, memory: '16Gi' },
        limits: { memory: '16Gi', 'nvidia.com/gpu': 1 },
      },
      evaluatorResources: {
        requests: { cpu: '500m', memory: '2Gi' },
        limits: { memory: '2Gi' },
      },
      jobSeconds: 600,
      metricsPort: 9400,
    },
    nats: {
      servers: ['tls://nats.nats.svc:4222'],
      podServers: ['tls://nats.example.org:4443'],
      caFile: '/etc/neco-nats/ca.crt',
      credentialsFile: '/etc/neco-nats/user.creds',
      accountSigningKeyFile: '/etc/neco-nats/signing.nk',
      account: `A${'B'.repeat(55)}`,
      credentialsDays: 7,
      streamReplicas: 3,
      keepReportsDays: 90,
    },
    lease: {
      name: 'neco',
      namespace,
      durationSeconds: 6,
      renewSeconds: 4,
      retrySeconds: 1,
    },
    ports: { metrics: 8080, health: 8081 },
    watchNamespaces: [studies],
    concurrency: 16,
    releaseLostNodesAfterSeconds: 600,
    log: { level: 'debug' },
    metrics: { maxSeries: 50_000 },
  })
})

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
}

/** Sections and fields of a schema that a configuration leaves out. */
const listUndocumented = (schema: SchemaNode, config: unknown, path = ''): string[] =>
  Object.entries(schema.properties ?? {}).flatMap(([key, child]) => {
    const documented = (config as Readonly<Record<string, unknown>>)[key]
    return documented === undefined
      ? [`${path}${key}`]
      : listUndocumented(child, documented, `${path}${key}.`)
  })

test('every field of the configuration can be set through the values', async () => {
  const config = only(await render(buildFullValues([studies])), 'ConfigMap', 'neco')
  const text = (config['data'] as { 'config.yaml': string })['config.yaml']
  const schema = z.toJSONSchema(OperatorConfig, { io: 'input', unrepresentable: 'any' })
  expect(listUndocumented(schema as SchemaNode, parse(text))).toEqual([])
})

test('removing the default limits gives runs without a GPU', async () => {
  const config = only(await render({ defaults: { resources: null } }), 'ConfigMap')
  const text = (config['data'] as { 'config.yaml': string })['config.yaml']
  expect(parse(text).defaults.resources).toBeUndefined()
})

describe('the CRDs', () => {
  test('are the generated ones, and survive helm uninstall', async () => {
    const objects = await render()
    for (const plural of ['necoruns', 'necosweeps']) {
      const crd = only(objects, 'CustomResourceDefinition', `${plural}.neco.dev`)
      const file = join(CHART, `../../crds/generated/${plural}.yaml`)
      const generated = parse(await readFile(file, 'utf8')) as RenderedObject
      expect(crd['spec']).toEqual(generated['spec'])
      expect(crd.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' })
    }
  })
  test('are left out where crds.install is false', async () => {
    const kinds = (await render({ crds: { install: false } })).map(({ kind }) => kind)
    expect(kinds).not.toContain('CustomResourceDefinition')
  })
})

describe('a wrong value is refused with its path:', () => {
  test.each([
    ['replicas=two', "at '/replicas': got string, want integer"],
    ['replicas=99', "at '/replicas': maximum: got 99, want 5"],
    ['logLevel=loud', "at '/logLevel': value must be one of"],
    ['image.tagg=1', "at '/image': additional properties 'tagg' not allowed"],
    ['image.digest=latest', "at '/image/digest': 'latest' does not match pattern"],
    [
      'nats.servers={nats.svc:4222}',
      "at '/nats/servers/0': 'nats.svc:4222' does not match pattern",
    ],
    ['nats.account=SABC', "at '/nats/account': 'SABC' does not match pattern"],
    ['defaults.storage=studies', "at '/defaults/storage': got string, want object"],
    ['metrics.port=80', "at '/metrics/port': minimum: got 80, want 1,024"],
    ['podMonitor.enabled=true', "additional properties 'podMonitor' not allowed"],
    ['lease.renewSeconds=20', 'lease: retrySeconds must be less than renewSeconds'],
    ['nats.signingKey.secretName=key', 'nats.account is needed with nats.signingKey'],
  ])('%s', async (setting, message) => {
    const { exitCode, stderr } = await helm.run(['template', 'neco', CHART, '--set', setting])
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining(message)])
  })
})
