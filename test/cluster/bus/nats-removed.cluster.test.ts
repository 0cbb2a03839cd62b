import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { createStudyOperators, type StudyOperators } from '../operator/study-operators.ts'
import { buildMicroRun } from '../runs/micro-run.ts'
import { OPERATOR, openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { readSpooledReports, readStreamedReports } from './run-reports.ts'

const testbed = sharedTestbed()
const RUN = 'orphan'

let fixture: StudyFixture
let operators: StudyOperators
beforeAll(async () => {
  fixture = await openStudyFixture(testbed, { name: 'nats-removed', deployment: false, nodes: 1 })
  operators = createStudyOperators(testbed, fixture)
})
afterAll(async () => {
  await operators?.close()
  await fixture?.close()
})

const kubectl = (...args: readonly string[]): Promise<string> =>
  testbed.kubectl.ok([...args, '-n', fixture.namespace])

const readRun = async (): Promise<NeCoRun> =>
  JSON.parse(await kubectl('get', 'necorun', RUN, '-o', 'json'))

/** As `helm upgrade` does it. */
async function removeNats(): Promise<void> {
  const configMap = ['configmap', OPERATOR, '-n', fixture.system]
  const { data } = JSON.parse(await testbed.kubectl.ok(['get', ...configMap, '-o', 'json']))
  const { nats: _out, ...config } = parse(data['config.yaml'])
  const patch = JSON.stringify({ data: { 'config.yaml': stringify(config) } })
  await testbed.kubectl.ok(['patch', ...configMap, '--type=merge', '-p', patch])
}

test('a run survives the removal of NATS: its next attempt starts, warns once, and leaves its reports on the storage', async () => {
  const first = await operators.start('with-nats')
  await fixture.apply(await buildMicroRun(RUN, 100))
  const runUid = (await readRun()).metadata.uid ?? ''
  const address = { namespace: fixture.namespace, runUid }
  await waitUntil({
    what: 'reports of the first attempt',
    withinMs: 120_000,
    look: async () => (await readStreamedReports(fixture.nats, address)).messages > 5 || undefined,
  })
  await first.end()
  await removeNats()
  await operators.start('without-nats')
  await kubectl('delete', 'pod', '-l', `job-name=${RUN}-a1`)
  await fixture.until('necorun', RUN, 'Complete')

  expect((await readRun()).status?.tasks?.[0]).toMatchObject({ state: 'Succeeded', attempt: 2 })
  const listVolumes = (job: string) =>
    kubectl('get', 'job', job, '-o', 'jsonpath={.spec.template.spec.volumes[*].name}')
  expect(await listVolumes(`${RUN}-a1`)).toContain('bus')
  expect(await listVolumes(`${RUN}-a2`)).not.toContain('bus')
  const log = await kubectl('logs', `job/${RUN}-a2`)
  const warnings = log.split('\n').filter((line) => line.includes('"level":40'))
  expect(warnings.map((line) => JSON.parse(line).msg)).toEqual([
    'There are no NATS credentials: reports stay on the storage',
  ])
  const spooled = await readSpooledReports(fixture.storage, runUid)
  const { reports } = await readStreamedReports(fixture.nats, address)
  const ofSecond = (all: typeof reports) => all.filter(({ attempt }) => attempt === 2)
  expect(ofSecond(spooled).length).toBeGreaterThan(5)
  expect(ofSecond(reports)).toEqual([])
})
