import { afterAll, beforeAll, expect, test } from 'vitest'
import { LABELS } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { buildMicroRun } from './micro-run.ts'

const testbed = sharedTestbed()
/** So many that an evaluator starts and ends long before they are done. */
const STEPS = 240
const FRACTION = 0.1

let fixture: StudyFixture
beforeAll(async () => {
  fixture = await openStudyFixture(testbed, { name: 'beside' })
})
afterAll(() => fixture?.close())

const readRun = async (): Promise<NeCoRun | undefined> => (await fixture.runs())[0]

const describeTasks = (run: NeCoRun | undefined): string[] =>
  (run?.status?.tasks ?? []).map(
    ({ kind, name, state, attempt }) => `${kind} ${name} ${state} ${attempt}`,
  )

const listMeasured = (run: NeCoRun | undefined): number[] =>
  (run?.status?.evaluations ?? []).map(({ at }) => at)

test('a fraction inside the schedule is measured while the pod of the training runs, which is killed then and goes on', async () => {
  const run = await buildMicroRun('beside', STEPS)
  const [scenes] = run.spec.evaluations ?? []
  if (scenes === undefined) throw new Error('the example has no evaluation')
  const evaluations = [{ ...scenes, name: 'training', at: [0, FRACTION, 1] }]
  await fixture.apply({ ...run, spec: { ...run.spec, evaluations } })

  const halfway = await waitUntil({
    what: 'the fraction to be measured',
    withinMs: 300_000,
    everyMs: 200,
    look: async () => {
      const seen = await readRun()
      return listMeasured(seen).includes(FRACTION) ? seen : undefined
    },
  })
  printMeasurement(`${describeTasks(halfway).join(', ')}; measured ${listMeasured(halfway)}`)
  expect(halfway.status?.evaluationParallelism).toBe(1)
  expect(describeTasks(halfway)).toEqual([
    'Training training Running 1',
    'Evaluation training Pending 1',
  ])

  const labels = `${LABELS.run}=beside,${LABELS.task}=training`
  const where = ['-n', fixture.namespace, '-l', labels]
  await testbed.kubectl.ok(['delete', 'pods', ...where, '--grace-period=0', '--force'])
  await fixture.until('necorun', 'beside', 'Complete')
  const done = await readRun()
  printMeasurement(`${describeTasks(done).join(', ')}; measured ${listMeasured(done)}`)
  expect(describeTasks(done)).toEqual([
    'Training training Succeeded 2',
    'Evaluation training Succeeded 2',
  ])
  expect(listMeasured(done)).toEqual([0, FRACTION, 1])
})
