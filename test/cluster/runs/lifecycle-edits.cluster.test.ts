import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { isEnded } from '../../../operator/core/conditions.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import {
  buildLifecycleRun,
  buildLifecycleSweep,
  isComplete,
  type LifecycleFixture,
  openLifecycleFixture,
  readReadyReason,
  SUCCESS,
} from './lifecycle-fixture.ts'

const testbed = sharedTestbed()

let fixture: LifecycleFixture
beforeAll(async () => {
  fixture = await openLifecycleFixture(testbed, { name: 'edits' })
})
afterAll(() => fixture?.close())

const describeState = ({ status }: NeCoRun): string =>
  `${status?.tasks?.[0]?.state} ${status?.tasks?.[0]?.attempt}`

describe('a study that is edited while it runs', () => {
  const edit = (kind: string, name: string, spec: object) =>
    testbed.kubectl.run([
      'patch',
      kind,
      name,
      '-n',
      fixture.namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec }),
    ])

  test('rejects changes of what determines its results, and accepts others', async () => {
    await fixture.apply(buildLifecycleSweep('edited', 2))
    await fixture.waitForRunningPod('edited-0-r0-a1')
    const run = await edit('necorun', 'edited-0-r0', { loss: { studentSteepness: 7 } })
    expect([run.exitCode, run.stderr]).toEqual([
      1,
      expect.stringContaining('loss cannot change while the run lives: make a new run'),
    ])
    const sweep = await edit('necosweep', 'edited', { replicates: 3 })
    expect([sweep.exitCode, sweep.stderr]).toEqual([
      1,
      expect.stringContaining('replicates cannot change while the sweep lives: make a new sweep'),
    ])
    const mutable = {
      deadlines: { trainSeconds: 600 },
      retries: { unexpected: 0 },
      ttlSecondsAfterFinished: 5,
    }
    expect((await edit('necorun', 'edited-0-r0', mutable)).exitCode).toBe(0)
    await fixture.endPod('edited-0-r0-a1', { exitCode: 1 })
    const failed = await fixture.waitForRun('edited-0-r0', ({ status }) =>
      isEnded(status?.conditions),
    )
    expect(failed.status?.tasks?.[0]).toMatchObject({ attempt: 1, cause: 'Unexpected' })
    expect((await edit('necosweep', 'edited', { failureBudget: { unexpected: 0 } })).exitCode).toBe(
      0,
    )
    const over = await fixture.waitForSweep('edited', ({ status }) => isEnded(status?.conditions))
    expect(readReadyReason(over.status)).toBe('FailureBudgetExceeded')
  })
})

describe('the parallelism of a sweep', () => {
  test('can be lowered by kubectl scale: live runs continue, and no new one starts until it fits', async () => {
    await fixture.apply(buildLifecycleSweep('scaled', 5, { parallelism: 3 }))
    const pods = await Promise.all(
      [0, 1, 2].map((point) => fixture.waitForRunningPod(`scaled-${point}-r0-a1`)),
    )
    await fixture.kubectl('scale', 'necosweep/scaled', '--replicas=1')
    await fixture.waitForSweep(
      'scaled',
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
    )
    await fixture.endPod('scaled-0-r0-a1', SUCCESS)
    await fixture.endPod('scaled-1-r0-a1', SUCCESS)
    const drained = await fixture.waitForSweep('scaled', ({ status }) => status?.succeeded === 2)
    expect(drained.status).toMatchObject({ running: 1, pending: 2 })
    expect(await fixture.waitForRunningPod('scaled-2-r0-a1')).toBe(pods[2])
    await fixture.endPod('scaled-2-r0-a1', SUCCESS)
    await fixture.waitForRunningPod('scaled-3-r0-a1')
    const one = await fixture.waitForSweep('scaled', ({ status }) => status?.succeeded === 3)
    expect(one.status).toMatchObject({ running: 1, pending: 1 })
    await fixture.endPod('scaled-3-r0-a1', SUCCESS)
    await fixture.endPod('scaled-4-r0-a1', SUCCESS)
    const { status } = await fixture.waitForSweep('scaled', isComplete)
    expect(status?.succeeded).toBe(5)
    for (const { metadata, status: ended } of await fixture.runs()) {
      if (!metadata.name.startsWith('scaled-')) continue
      expect(ended?.tasks?.[0]).toMatchObject({ attempt: 1 })
    }
  })
})

describe('a suspended sweep', () => {
  const suspend = (isSuspended: boolean) =>
    fixture.kubectl(
      'patch',
      'necosweep',
      'suspended',
      '--type=merge',
      `-p={"spec":{"suspend":${isSuspended}}}`,
    )

  test('has no pods, its deadlines are paused, and it resumes where it was', async () => {
    const run = { ...buildLifecycleRun('').spec, deadlines: { trainSeconds: 12 } }
    await fixture.apply(buildLifecycleSweep('suspended', 2, { run, parallelism: 1 }))
    await fixture.waitForRunningPod('suspended-0-r0-a1')
    await suspend(true)
    await fixture.waitForRun('suspended-0-r0', (one) => describeState(one) === 'Pending 1')
    await fixture.waitForSweep('suspended', ({ status }) => readReadyReason(status) === 'Suspended')
    await waitUntil({
      what: 'no Job and no pod',
      withinMs: 60_000,
      look: async () =>
        (await fixture.listObjectNames('jobs,pods', '-l', 'neco.dev/sweep=suspended')).length ===
          0 || undefined,
    })
    // A run with the same deadline that is not suspended shows that the time has passed.
    await fixture.apply(buildLifecycleRun('late', run))
    const late = await fixture.waitForRun('late', ({ status }) => isEnded(status?.conditions))
    expect(readReadyReason(late.status)).toBe('Deadline')
    expect(await fixture.listObjectNames('jobs,pods', '-l', 'neco.dev/sweep=suspended')).toEqual([])
    await suspend(false)
    await fixture.endPod('suspended-0-r0-a2', SUCCESS)
    await fixture.endPod('suspended-1-r0-a1', SUCCESS)
    const { status } = await fixture.waitForSweep('suspended', isComplete)
    expect(status).toMatchObject({ succeeded: 2, failed: 0 })
    const resumed = (await fixture.run('suspended-0-r0')).status?.tasks?.[0]
    expect(resumed).toMatchObject({ attempt: 2, state: 'Succeeded' })
    expect(resumed?.retries).toBeUndefined()
    expect(resumed?.ranMs).toBeLessThan(12_000)
  })
})
