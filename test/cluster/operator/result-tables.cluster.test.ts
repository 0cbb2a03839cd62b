import { KubeConfig } from '@kubernetes/client-node'
import { expect, it } from 'vitest'
import { API_GROUP_VERSION, LABELS, SWEEP_KIND } from '../../../crds/names.ts'
import { createApiClient } from '../../../kube/client/api-client.ts'
import { createApiEndpoint } from '../../../kube/client/api-endpoint.ts'
import { ConfigMapTables } from '../../../operator/cluster/result-tables.ts'
import type { StoredRun, StoredSweep } from '../../../operator/ports/objects.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'

const testbed = sharedTestbed()

const ended = (point: number): StoredRun =>
  ({
    metadata: {
      name: `study-${point}-r0`,
      labels: { [LABELS.point]: String(point), [LABELS.replicate]: '0' },
    },
    status: {
      conditions: [{ type: 'Complete', status: 'True', reason: 'Succeeded' }],
      metrics: { loss: point / 8 },
    },
  }) as unknown as StoredRun

it('the results of a sweep are in ConfigMaps that it owns, and that are recreated when deleted', async () => {
  const namespace = await testbed.newNamespace('results')
  const kubectl = (...args: readonly string[]) => testbed.kubectl.ok([...args, '-n', namespace])
  const values = Array.from({ length: 250 }, (_, index) => index + 1)
  const { status, text } = await testbed.api({
    method: 'POST',
    path: `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/necosweeps`,
    body: {
      apiVersion: API_GROUP_VERSION,
      kind: SWEEP_KIND,
      metadata: { name: 'study', namespace },
      spec: {
        run: { data: { kind: 'Scenes', count: 8 } },
        axes: [{ parameter: 'model.initSeed', values: values.slice(0, 2) }],
      },
    },
  })
  expect([status, text]).toEqual([201, expect.any(String)])
  const sweep = JSON.parse(text) as StoredSweep
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(testbed.kubeconfig('admin'))
  const api = createApiClient({ endpoint: createApiEndpoint(kubeConfig), clock: systemClock })
  const runs = values.map((value) => ended(value - 1))
  const write = () =>
    new ConfigMapTables({ api, clock: systemClock }).write(sweep, {
      runs: async () => runs,
      hasEnded: true,
    })
  await write()
  const names = ['configmap/study-results-0', 'configmap/study-results-1']
  const found = await kubectl('get', 'configmaps', '-l', 'neco.dev/sweep=study', '-o=name')
  expect(found.trim().split('\n')).toEqual(names)
  const read = (field: string) =>
    kubectl('get', 'configmap/study-results-1', `-o=jsonpath=${field}`)
  const rows = (await read('{.data.results\\.ndjson}')).trimEnd().split('\n')
  expect(rows.map((row) => JSON.parse(row).point)).toEqual(values.slice(199, 249))
  // The recipe of docs/cluster.md.
  const template = 'go-template={{range .items}}{{index .data "results.ndjson"}}{{end}}'
  const table = await kubectl('get', 'configmaps', '-l', 'neco.dev/sweep=study', '-o', template)
  const points = table
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row).point)
  expect(points).toEqual(values.map((value) => value - 1))
  const version = await read('{.metadata.resourceVersion}')
  await write()
  expect(await read('{.metadata.resourceVersion}')).toBe(version)
  await kubectl('delete', ...names)
  await write()
  await kubectl('delete', 'necosweep/study')
  await kubectl('wait', ...names, '--for=delete', '--timeout=60s')
  api.close()
})
