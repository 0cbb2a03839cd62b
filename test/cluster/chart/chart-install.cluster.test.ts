import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSimulatedSweep } from '../../fixtures/simulated-study.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { CHART, createHelm, type Helm } from './helm.ts'

const RELEASE = ['neco', '-n', 'neco-system']
const CRDS = ['crd/necoruns.neco.dev', 'crd/necosweeps.neco.dev']

const sweep = buildSimulatedSweep()
const SWEEP = ['necosweep', sweep.metadata.name]

let ownTestbed: Testbed
let helm: Helm
beforeAll(async () => {
  ownTestbed = await sharedTestbed().startOwnTestbed({ crds: false })
  helm = createHelm({
    program: ownTestbed.programs.helm,
    folder: ownTestbed.folder.path,
    kubeconfig: ownTestbed.controlPlane.kubeconfig('admin'),
  })
})
afterAll(() => ownTestbed.close())

test('one helm install brings the operator and both kinds into an empty cluster', async () => {
  await helm.ok(['install', ...RELEASE, CHART, '--create-namespace'])
  // kubectl wait fails on a new CRD that has no condition yet.
  await waitUntil({
    what: 'both kinds',
    withinMs: 60_000,
    look: () =>
      ownTestbed.kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', ...CRDS]),
  })
  const pods = ['get', 'deployment', 'neco-neco-operator', '-n', 'neco-system']
  expect(await ownTestbed.kubectl.ok([...pods, '-o', 'jsonpath={.spec.replicas}'])).toBe('2')
})

test('objects survive helm upgrade', async () => {
  await ownTestbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(sweep) })
  await helm.ok(['upgrade', ...RELEASE, CHART, '--set', 'logLevel=debug'])
  await ownTestbed.kubectl.ok(['get', ...SWEEP])
})

test('helm uninstall leaves the kinds and the studies, which can still be deleted', async () => {
  await helm.ok(['uninstall', ...RELEASE, '--wait', '--timeout', '60s'])
  const left = ['get', 'deployments,services,roles,secrets,configmaps', '-n', 'neco-system']
  const selected = await ownTestbed.kubectl.ok([
    ...left,
    '-l',
    'app.kubernetes.io/part-of=neco',
    '-o',
    'name',
  ])
  expect(selected).toBe('')
  const finalizers = ['get', ...SWEEP, '-o', 'jsonpath={.metadata.finalizers}']
  expect(await ownTestbed.kubectl.ok(finalizers)).toBe('')
  await ownTestbed.kubectl.ok(['delete', ...SWEEP, '--timeout=30s'])
  await ownTestbed.kubectl.ok(['delete', ...CRDS, '--timeout=60s'])
})
