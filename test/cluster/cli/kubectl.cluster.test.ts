import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../../contract/exit-codes.ts'
import type { TerminationMessage } from '../../../contract/run-report.ts'
import { evaluateArgoHealth } from '../../fixtures/evaluate-argo-health.ts'
import type { Pod } from '../kubelet/pod-object.ts'
import { type ScriptedRun, scriptedExecutor } from '../kubelet/scripted-executor.ts'
import { systemClock } from '../kubelet/system-clock.ts'
import { instantSweep } from '../sweeps/instant-sweep.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'

const testbed = sharedTestbed()
const MIOU = 42

function buildTerminationText(isEvaluation: boolean): TerminationMessage {
  const found = { key: 'k', at: 1, metrics: { inContextMiou: MIOU }, figures: [] }
  return {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: 'done',
    reused: false,
    step: 10,
    metrics: isEvaluation ? {} : { loss: 2 },
    evaluations: isEvaluation ? [found] : [],
  }
}

/** How pods behave, by the name of their study. */
function script({ metadata: { name } }: Pod): ScriptedRun {
  if (name.startsWith('held')) return { exitCode: 0 }
  const isBad = name.startsWith('bad') || name.startsWith('partly-1')
  if (isBad) return { afterMs: 10, exitCode: EXIT_CODES.UserError }
  const args = JSON.stringify(buildTerminationText(name.includes('-e0-')))
  return { afterMs: 10, exitCode: 0, terminationMessage: args }
}

const aSweep = (name: string, spec: object = {}) => {
  const sweep = instantSweep({ name, points: 2, replicates: 1, parallelism: 1 })
  return { ...sweep, spec: { ...sweep.spec, ...spec } }
}
const BROKEN = { axes: [{ parameter: 'loss.lambda', values: ['many'] }] }

let fixture: StudyFixture
beforeAll(async () => {
  const executor = scriptedExecutor({ clock: systemClock, script })
  fixture = await openStudyFixture(testbed, { name: 'kubectl', executor })
  const sweeps = [
    aSweep('bad'),
    aSweep('broken', BROKEN),
    aSweep('done'),
    aSweep('held'),
    aSweep('partly'),
    aSweep('paused', { suspend: true }),
  ]
  for (const sweep of sweeps) await fixture.apply(sweep)
  await fixture.until('necosweep', 'bad', 'Failed')
  await fixture.until('necosweep', 'done', 'Complete')
  await fixture.until('necosweep', 'partly', 'Complete')
})
afterAll(() => fixture?.close())

const kubectl = (...args: readonly string[]): Promise<string> =>
  testbed.kubectl.ok([...args, '-n', fixture.namespace])

/** The output of kubectl get without ages, once it contains a line. */
const printed = (args: readonly string[], line: RegExp): Promise<string> =>
  waitUntil({
    what: `${args.join(' ')} to say ${line}`,
    withinMs: 90_000,
    look: async () => {
      const text = (await kubectl(...args)).replaceAll(/ +\S+$/gm, '')
      return line.test(text) ? `\n${text}` : undefined
    },
  })

describe('kubectl get', () => {
  test('shows the state of each sweep and the counts of its runs', async () => {
    expect(await printed(['get', 'necosweeps'], /^held +Running/m)).toBe(`
NAME     STATE          POINTS   RUNS   RUNNING   SUCCEEDED   FAILED
bad      AllFailed      2        2      0         0           2
broken   NotAccepted    0        0      0         0           0
done     Succeeded      2        2      0         2           0
held     Running        2        2      1         0           0
partly   PartlyFailed   2        2      0         1           1
paused   Suspended      2        2      0         0           0
`)
  })

  test('shows the state and progress of each run', async () => {
    expect(await printed(['get', 'necoruns'], /^held-0-r0 +Running/m)).toBe(`
NAME          STATE       STEP   STEPS
bad-0-r0      UserError
bad-1-r0      UserError
done-0-r0     Succeeded   10     10
done-1-r0     Succeeded   10     10
held-0-r0     Running
partly-0-r0   Succeeded   10     10
partly-1-r0   UserError
`)
  })

  test('shows the best point of a sweep with -o wide, also by short names', async () => {
    const wide = await kubectl('get', 'necosweep', 'done', '-o', 'wide')
    expect(wide.split('\n')[0]).toMatch(/FAILED +BEST +AGE$/)
    expect(wide.split('\n')[1]).toMatch(/ loss.studentSteepness=1 /)
  })

  test('shows what the point of a run sets, in a wide table and by the annotation itself', async () => {
    const assignment = '{"loss.studentSteepness":1}'
    const wide = await kubectl('get', 'necorun', 'done-0-r0', '-o', 'wide')
    expect(wide.split('\n')[0]).toMatch(/ASSIGNMENT +AGE$/)
    expect(wide.split('\n')[1]).toContain(` ${assignment} `)
    const path = "jsonpath={.metadata.annotations['neco\\.dev/assignment']}"
    expect(await kubectl('get', 'necorun', 'done-0-r0', '-o', path)).toBe(assignment)
  })
})

describe('kubectl wait', () => {
  test.each([
    ['Complete', 'done'],
    ['Complete', 'partly'],
    ['Failed', 'bad'],
    ['Ready', 'done'],
  ])('--for=condition=%s sees the end of %s', async (condition, name) => {
    const args = ['wait', `--for=condition=${condition}`, `necosweep/${name}`, '--timeout=60s']
    expect(await kubectl(...args)).toBe(`necosweep.neco.dev/${name} condition met\n`)
  })

  test('sees the end of a run', async () => {
    const args = ['wait', '--for=condition=Complete', 'necorun/done-0-r0', '--timeout=60s']
    expect(await kubectl(...args)).toBe('necorun.neco.dev/done-0-r0 condition met\n')
  })
})

test('kubectl scale changes the parallelism, and the runs follow', async () => {
  expect(await kubectl('scale', 'necosweep', 'held', '--replicas=2')).toBe(
    'necosweep.neco.dev/held scaled\n',
  )
  await printed(['get', 'necosweep', 'held'], /^held +Running +2 +2 +2 +0 +0$/m)
  const args = ['get', 'necosweep', 'held', '-o', 'jsonpath={.spec.parallelism}']
  expect(await kubectl(...args)).toBe('2')
})

describe('kubectl explain', () => {
  const explained = async (path: string): Promise<string> => `\n${await kubectl('explain', path)}`

  test('describes a field', async () => {
    expect(await explained('necosweep.spec.run.loss.studentSteepness')).toBe(`
GROUP:      neco.dev
KIND:       NeCoSweep
VERSION:    v1alpha1

FIELD: studentSteepness <number>


DESCRIPTION:
    studentSteepness is β of the sorting network of the student.
    

`)
  })

  test('lists the values of a field', async () => {
    const text = await explained('necorun.spec.preset')
    expect(text).toContain('FIELD: preset <string>\nENUM:\n    Official\n    Paper\n')
  })

  test.each([
    'necosweep',
    'necosweep.spec',
    'necosweep.spec.points',
    'necosweep.spec.zip',
    'necosweep.spec.run',
    'necosweep.spec.run.pod',
    'necosweep.status',
    'necosweep.status.best',
    'necorun.spec.evaluations',
    'necorun.status.tasks',
  ])('describes every field of %s', async (path) => {
    const text = await explained(path)
    expect(text).toContain('FIELDS:')
    expect(text).not.toContain('<no description>')
  })
})

describe('Argo CD', () => {
  test.each([
    ['NeCoSweep', 'bad', { status: 'Degraded', message: '0 of 2 runs succeeded' }],
    ['NeCoSweep', 'done', { status: 'Healthy', message: '2 runs succeeded' }],
    ['NeCoSweep', 'held', { status: 'Progressing', message: '0 of 2 runs ended, 2 live' }],
    ['NeCoSweep', 'partly', { status: 'Healthy', message: '1 of 2 runs succeeded' }],
    ['NeCoSweep', 'paused', { status: 'Suspended', message: '0 of 2 runs ended, 0 live' }],
    ['NeCoRun', 'bad-0-r0', { status: 'Degraded', message: 'training: exit code 2' }],
    ['NeCoRun', 'done-0-r0', { status: 'Healthy', message: 'trained and evaluated' }],
    ['NeCoRun', 'held-0-r0', { status: 'Progressing', message: 'training, attempt 1' }],
  ] as const)('shows %s %s as %o', async (kind, name, health) => {
    const object = JSON.parse(await kubectl('get', kind, name, '-o', 'json'))
    expect(await evaluateArgoHealth(object, kind)).toEqual(health)
  })

  test('shows a study that is not accepted as Degraded, with field and message', async () => {
    const object = JSON.parse(await kubectl('get', 'NeCoSweep', 'broken', '-o', 'json'))
    expect(await evaluateArgoHealth(object, 'NeCoSweep')).toMatchObject({
      status: 'Degraded',
      message: expect.stringContaining('spec.axes[0].values[0]: many is no loss.lambda'),
    })
  })
})
