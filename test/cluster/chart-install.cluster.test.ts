import { afterAll, beforeAll, expect, test } from 'vitest'
import { aStudy } from '../simulated-study.ts'
import type { Bed } from './bed/bed.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { CHART, type Helm, makeHelm } from './chart/helm.ts'

const RELEASE = ['neco', '-n', 'neco-system']
const CRDS = ['crd/necoruns.neco.dev', 'crd/necosweeps.neco.dev']

const sweep = aStudy()
const KEPT = ['necosweep', sweep.metadata.name]

let own: Bed
let helm: Helm
beforeAll(async () => {
  own = await sharedBed().ownBed({ crds: false })
  helm = makeHelm({
    program: own.programs.helm,
    folder: own.folder.path,
    kubeconfig: own.controlPlane.kubeconfig('admin'),
  })
})
afterAll(() => own.close())

test('a cluster that has nothing gets the operator and both kinds by one helm install', async () => {
  await helm.ok(['install', ...RELEASE, CHART, '--create-namespace'])
  // kubectl wait fails where it looks before a new CRD has any condition.
  await waitUntil({
    what: 'both kinds',
    withinMs: 60_000,
    look: () => own.kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', ...CRDS]),
  })
  const pods = ['get', 'deployment', 'neco-neco-operator', '-n', 'neco-system']
  expect(await own.kubectl.ok([...pods, '-o', 'jsonpath={.spec.replicas}'])).toBe('2')
})

test('what is applied before an upgrade is there after it', async () => {
  await own.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(sweep) })
  await helm.ok(['upgrade', ...RELEASE, CHART, '--set', 'logLevel=debug'])
  await own.kubectl.ok(['get', ...KEPT])
})

test('helm uninstall leaves the kinds and the studies, and nothing that cannot be deleted', async () => {
  await helm.ok(['uninstall', ...RELEASE, '--wait', '--timeout', '60s'])
  const left = ['get', 'deployments,services,roles,secrets,configmaps', '-n', 'neco-system']
  const selected = await own.kubectl.ok([
    ...left,
    '-l',
    'app.kubernetes.io/part-of=neco',
    '-o',
    'name',
  ])
  expect(selected).toBe('')
  const finalizers = ['get', ...KEPT, '-o', 'jsonpath={.metadata.finalizers}']
  expect(await own.kubectl.ok(finalizers)).toBe('')
  await own.kubectl.ok(['delete', ...KEPT, '--timeout=30s'])
  await own.kubectl.ok(['delete', ...CRDS, '--timeout=60s'])
})
