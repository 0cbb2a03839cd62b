import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import type { NeCoRun } from '../../crds/necorun.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { microRun } from './micro-run.ts'
import { spooledOf, streamedOf } from './run-reports.ts'
import { OPERATOR, openStudyGround, type StudyGround } from './study-ground.ts'
import { type StudyOperators, studyOperators } from './study-operators.ts'

const bed = sharedBed()
const RUN = 'orphan'

let ground: StudyGround
let operators: StudyOperators
beforeAll(async () => {
  ground = await openStudyGround(bed, { name: 'nats-removed', deployment: false, nodes: 1 })
  operators = studyOperators(bed, ground)
})
afterAll(async () => {
  await operators?.close()
  await ground?.close()
})

const kubectl = (...words: readonly string[]): Promise<string> =>
  bed.kubectl.ok([...words, '-n', ground.namespace])

const theRun = async (): Promise<NeCoRun> =>
  JSON.parse(await kubectl('get', 'necorun', RUN, '-o', 'json'))

/** As `helm upgrade` does it. */
async function takeNatsOut(): Promise<void> {
  const configMap = ['configmap', OPERATOR, '-n', ground.system]
  const { data } = JSON.parse(await bed.kubectl.ok(['get', ...configMap, '-o', 'json']))
  const { nats: _out, ...config } = parse(data['config.yaml'])
  const patch = JSON.stringify({ data: { 'config.yaml': stringify(config) } })
  await bed.kubectl.ok(['patch', ...configMap, '--type=merge', '-p', patch])
}

test('a run outlives the NATS it began with: its next attempt starts, warns once, and keeps its reports on the storage', async () => {
  const first = await operators.start('with-nats')
  await ground.apply(await microRun(RUN, 100))
  const runUid = (await theRun()).metadata.uid ?? ''
  const address = { namespace: ground.namespace, runUid }
  await waitUntil({
    what: 'reports of the first attempt',
    withinMs: 120_000,
    look: async () => (await streamedOf(ground.nats, address)).messages > 5 || undefined,
  })
  await first.end()
  await takeNatsOut()
  await operators.start('without-nats')
  await kubectl('delete', 'pod', '-l', `job-name=${RUN}-a1`)
  await ground.until('necorun', RUN, 'Complete')

  expect((await theRun()).status?.tasks?.[0]).toMatchObject({ state: 'Succeeded', attempt: 2 })
  const volumesOf = (job: string) =>
    kubectl('get', 'job', job, '-o', 'jsonpath={.spec.template.spec.volumes[*].name}')
  expect(await volumesOf(`${RUN}-a1`)).toContain('bus')
  expect(await volumesOf(`${RUN}-a2`)).not.toContain('bus')
  const log = await kubectl('logs', `job/${RUN}-a2`)
  const warnings = log.split('\n').filter((line) => line.includes('"level":40'))
  expect(warnings.map((line) => JSON.parse(line).msg)).toEqual([
    'There are no NATS credentials: reports stay on the storage',
  ])
  const spooled = await spooledOf(ground.storage, runUid)
  const { reports } = await streamedOf(ground.nats, address)
  const ofSecond = (all: typeof reports) => all.filter(({ attempt }) => attempt === 2)
  expect(ofSecond(spooled).length).toBeGreaterThan(5)
  expect(ofSecond(reports)).toEqual([])
})
