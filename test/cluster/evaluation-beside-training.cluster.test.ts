import { afterAll, beforeAll, expect, test } from 'vitest'
import { LABELS } from '../../crds/names.ts'
import type { NeCoRun } from '../../crds/necorun.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { printFigure } from './figure.ts'
import { microRun } from './micro-run.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'

const bed = sharedBed()
/** So many that an evaluator starts and ends long before they are done. */
const STEPS = 240
const FRACTION = 0.1

let ground: StudyGround
beforeAll(async () => {
  ground = await openStudyGround(bed, { name: 'beside' })
})
afterAll(() => ground?.close())

const readRun = async (): Promise<NeCoRun | undefined> => (await ground.runs())[0]

const describeTasks = (run: NeCoRun | undefined): string[] =>
  (run?.status?.tasks ?? []).map(
    ({ kind, name, state, attempt }) => `${kind} ${name} ${state} ${attempt}`,
  )

const listMeasured = (run: NeCoRun | undefined): number[] =>
  (run?.status?.evaluations ?? []).map(({ at }) => at)

test('a fraction inside the schedule is measured while the pod of the training runs, which is killed then and goes on', async () => {
  const run = await microRun('beside', STEPS)
  const [scenes] = run.spec.evaluations ?? []
  if (scenes === undefined) throw new Error('the example has no evaluation')
  const evaluations = [{ ...scenes, name: 'training', at: [0, FRACTION, 1] }]
  await ground.apply({ ...run, spec: { ...run.spec, evaluations } })

  const halfway = await waitUntil({
    what: 'the fraction to be measured',
    withinMs: 300_000,
    everyMs: 200,
    look: async () => {
      const seen = await readRun()
      return listMeasured(seen).includes(FRACTION) ? seen : undefined
    },
  })
  printFigure(`${describeTasks(halfway).join(', ')}; measured ${listMeasured(halfway)}`)
  expect(halfway.status?.evaluationParallelism).toBe(1)
  expect(describeTasks(halfway)).toEqual([
    'Training training Running 1',
    'Evaluation training Pending 1',
  ])

  const labels = `${LABELS.run}=beside,${LABELS.task}=training`
  const where = ['-n', ground.namespace, '-l', labels]
  await bed.kubectl.ok(['delete', 'pods', ...where, '--grace-period=0', '--force'])
  await ground.until('necorun', 'beside', 'Complete')
  const done = await readRun()
  printFigure(`${describeTasks(done).join(', ')}; measured ${listMeasured(done)}`)
  expect(describeTasks(done)).toEqual([
    'Training training Succeeded 2',
    'Evaluation training Succeeded 2',
  ])
  expect(listMeasured(done)).toEqual([0, FRACTION, 1])
})
