import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSimulatedSweep } from '../../fixtures/simulated-study.ts'
import { type OperatorProcess, startOperator } from '../operator/operator-process.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder, type TestbedFolder } from '../testbed/testbed-folder.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { createHelm } from './helm.ts'
import { type InstalledOperator, installOperator } from './install-operator.ts'

const testbed = sharedTestbed()
const RUNS = ['study-0-r0', 'study-0-r1', 'study-1-r0']

let folder: TestbedFolder
let studies: string
let installed: InstalledOperator
let operator: OperatorProcess
beforeAll(async () => {
  folder = await openTestbedFolder()
  const system = await testbed.newNamespace('system')
  studies = await testbed.newNamespace('studies')
  const path = `${folder.path}/storage`
  await makeLocalClaim(testbed.kubectl, { namespace: studies, name: 'studies', path })
  const { helm: program } = testbed.programs
  const helm = createHelm({
    program,
    folder: testbed.path(),
    kubeconfig: testbed.kubeconfig('admin'),
  })
  const values = { watchNamespaces: [studies], defaults: { storage: { claim: 'studies' } } }
  installed = await installOperator({ testbed, helm, namespace: system, values })
  const { kubeconfig, config } = installed
  const ports = { metrics: 0, health: 0 }
  const environment = { POD_NAMESPACE: system }
  operator = await startOperator({
    folder,
    name: 'installed',
    kubeconfig,
    config: { ...config, ports },
    environment,
  })
})
afterAll(async () => {
  await operator?.end()
  await testbed.kubectl.run(['delete', 'namespace', studies, '--wait=false'])
  await folder?.remove()
})

const listNames = async (kind: string): Promise<string[]> => {
  const args = ['get', kind, '-n', studies, '-o', 'jsonpath={.items[*].metadata.name}']
  return (await testbed.kubectl.ok(args)).split(' ').filter((name) => name !== '')
}

const once = (kind: string, names: readonly string[]): Promise<true> =>
  waitUntil({
    what: `${kind}: ${names.join(', ')}`,
    withinMs: 60_000,
    look: async () => (await listNames(kind)).join() === names.join() || undefined,
  })

/** Requests of the operator that the API server forbade, by the audit log. */
async function refusals(): Promise<string[]> {
  const lines = (await readFile(testbed.auditLog, 'utf8')).split('\n').filter((line) => line !== '')
  return lines
    .map((line) => JSON.parse(line))
    .filter(({ user, responseStatus }) => {
      return user.username === installed.serviceAccount && responseStatus?.code === 403
    })
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
}

test('the operator becomes leader with the configuration, the roles and the account of the chart', async () => {
  await operator.waitForLine('leading; caches are being filled')
  const ready = await waitUntil({
    what: 'readyz',
    withinMs: 60_000,
    look: async () => {
      const { status, text } = await operator.get('health', '/readyz')
      return status === 200 ? text : undefined
    },
  })
  expect(ready.trim()).toBe('Leading')
})

test('it creates the runs of a sweep, their Jobs and their ConfigMaps', async () => {
  const sweep = buildSimulatedSweep()
  const metadata = { ...sweep.metadata, namespace: studies }
  await testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify({ ...sweep, metadata }) })
  await once('necoruns', RUNS)
  await once(
    'jobs',
    RUNS.map((run) => `${run}-a1`),
  )
})

test('it recreates what was deleted by hand', async () => {
  const job = ['get', 'job', 'study-1-r0-a1', '-n', studies, '-o', 'jsonpath={.metadata.uid}']
  const before = await testbed.kubectl.ok(job)
  await testbed.kubectl.ok(['delete', 'necorun', 'study-1-r0', '-n', studies])
  await waitUntil({
    what: 'another Job of that name',
    withinMs: 60_000,
    look: async () => ![before, ''].includes(await testbed.kubectl.ok(job)) || undefined,
  })
})

test('the API server has forbidden it nothing', async () => {
  const asked = await readFile(testbed.auditLog, 'utf8')
  expect(asked).toContain(installed.serviceAccount)
  expect(await refusals()).toEqual([])
})
