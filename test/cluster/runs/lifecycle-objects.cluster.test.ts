import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { findCondition, isEnded } from '../../../operator/core/conditions.ts'
import { openAuditLog } from '../operator/audit-log.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import {
  buildLifecycleRun,
  buildLifecycleSweep,
  type LifecycleFixture,
  openLifecycleFixture,
  SUCCESS,
} from './lifecycle-fixture.ts'

const testbed = sharedTestbed()

let fixture: LifecycleFixture
beforeAll(async () => {
  fixture = await openLifecycleFixture(testbed, { name: 'objects' })
})
afterAll(() => fixture?.close())

type Status = NeCoRun['status']
const selectReadyCondition = (status: Status | NeCoSweep['status']): string | undefined =>
  findCondition(status?.conditions, 'Ready')?.reason
const isComplete = ({ status }: NeCoRun | NeCoSweep): boolean =>
  findCondition(status?.conditions, 'Complete')?.status === 'True'
const describeState = ({ status }: NeCoRun): string =>
  `${status?.tasks?.[0]?.state} ${status?.tasks?.[0]?.attempt}`

/** What there is of some kinds in the namespace, such as job/a-a1. */
async function listObjectNames(
  kinds: string,
  ...args: readonly string[]
): Promise<readonly string[]> {
  const out = await fixture.kubectl('get', kinds, '-o=name', ...args)
  return out.split('\n').filter((line) => line !== '')
}

/** What the operator asked the API server to make in the namespace. */
async function creations() {
  const written = await openAuditLog(testbed.auditLog, fixture.namespace).read()
  return written.filter(({ verb, user }) => verb === 'create' && user === fixture.operatorUser)
}

async function countCreations(job: string): Promise<number> {
  const all = await creations()
  return all.filter(({ resource, name }) => resource === 'jobs' && name === job).length
}

/** What of that was refused, such as jobs/a-a1. */
async function refusedCreations(): Promise<readonly string[]> {
  const refused = (await creations()).filter(({ status }) => status === 403 || status === 404)
  return refused.map(({ resource, name }) => `${resource}/${name}`)
}

/** What the operators warned of in the namespace from a time on. */
async function warningsSince(startMs: number): Promise<readonly string[]> {
  const pods = await fixture.operatorPods()
  const logs = await Promise.all(
    pods.map((pod) => testbed.kubectl.ok(['logs', pod, '-n', fixture.system])),
  )
  return logs
    .flatMap((log) => log.split('\n'))
    .filter((line) => line.includes(fixture.namespace) && /"level":"(warn|error|fatal)"/.test(line))
    .filter((line) => Date.parse(JSON.parse(line).time) >= startMs)
}

describe('what somebody deletes by hand', () => {
  test('a pod: its attempt was disrupted, and the next one ends the run', async () => {
    await fixture.apply(buildLifecycleRun('pod-gone'))
    const pod = await fixture.waitForRunningPod('pod-gone-a1')
    await fixture.kubectl('delete', 'pod', pod, '--wait=false')
    await fixture.endPod('pod-gone-a2', SUCCESS)
    const { status } = await fixture.waitForRun('pod-gone', isComplete)
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 2, retries: { Disruption: 1 } })
  })

  test('a Job: its attempt was disrupted, and the next one ends the run', async () => {
    await fixture.apply(buildLifecycleRun('job-gone'))
    await fixture.waitForRunningPod('job-gone-a1')
    await fixture.kubectl('delete', 'job', 'job-gone-a1')
    await fixture.endPod('job-gone-a2', SUCCESS)
    const { status } = await fixture.waitForRun('job-gone', isComplete)
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 2, retries: { Disruption: 1 } })
    expect(await listObjectNames('jobs', '-l', 'neco.dev/run=job-gone')).toEqual([
      'job.batch/job-gone-a2',
    ])
  })

  test('the ConfigMap of a run: the pod at work goes on, and the next attempt is told the same again', async () => {
    const reported = async (): Promise<unknown> => {
      const { data, immutable } = JSON.parse(
        await fixture.kubectl('get', 'configmap', 'config-gone', '-o=json'),
      )
      return { data, immutable }
    }
    await fixture.apply(buildLifecycleRun('config-gone'))
    await fixture.waitForRunningPod('config-gone-a1')
    const before = await reported()
    await fixture.kubectl('delete', 'configmap', 'config-gone')
    await fixture.endPod('config-gone-a1', { exitCode: 4 })
    await fixture.waitForRunningPod('config-gone-a2')
    expect(await reported()).toEqual(before)
    await fixture.endPod('config-gone-a2', SUCCESS)
    await fixture.waitForRun('config-gone', isComplete)
  })

  test('a run of a sweep: it is made again, and nothing of the first one is left', async () => {
    await fixture.apply(buildLifecycleSweep('run-gone', 2))
    await fixture.waitForRunningPod('run-gone-0-r0-a1')
    const before = (await fixture.run('run-gone-0-r0')).metadata.uid
    await fixture.kubectl('delete', 'necorun', 'run-gone-0-r0')
    const again = await fixture.waitForRun(
      'run-gone-0-r0',
      ({ metadata, status }) =>
        metadata.uid !== before && selectReadyCondition(status) === 'Running',
    )
    const { uid = '' } = again.metadata
    const owner = 'jsonpath={.metadata.ownerReferences[0].uid}'
    await fixture.kubectl('wait', 'job/run-gone-0-r0-a1', `--for=${owner}=${uid}`, '--timeout=60s')
    await fixture.waitForRunningPod('run-gone-0-r0-a1')
    await fixture.endPod('run-gone-0-r0-a1', SUCCESS)
    await fixture.endPod('run-gone-1-r0-a1', SUCCESS)
    const { status } = await fixture.waitForSweep('run-gone', isComplete)
    expect(status).toMatchObject({ total: 2, succeeded: 2, failed: 0 })
  })
})

describe('a Job of the same name that somebody else made', () => {
  test('holds up the run, which says so and what to do, asks no more than now and then, and goes on when it is gone', async () => {
    const job = 'taken-a1'
    await fixture.kubectl('create', 'job', job, '--image=busybox')
    await fixture.apply(buildLifecycleRun('taken'))
    const { status } = await fixture.waitForRun(
      'taken',
      (run) => selectReadyCondition(run.status) === 'NameConflict',
    )
    const ready = findCondition(status?.conditions, 'Ready')
    expect(ready?.message).toContain(`Job ${fixture.namespace}/${job} is in the way`)
    expect(ready?.message).toContain('delete it, or give the run another name')
    expect(isEnded(status?.conditions)).toBe(false)
    // Other runs come and go meanwhile: what is in the way of one is asked for again only as time passes.
    await fixture.apply(buildLifecycleRun('beside'))
    await fixture.endPod('beside-a1', SUCCESS)
    await fixture.waitForRun('beside', isComplete)
    expect(await countCreations(job)).toBeLessThanOrEqual(4)
    await fixture.kubectl('delete', 'job', job)
    await fixture.endPod(job, SUCCESS)
    await fixture.waitForRun('taken', isComplete)
  })
})

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

  test('keeps what determines its results, and takes what does not', async () => {
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
    expect(selectReadyCondition(over.status)).toBe('FailureBudgetExceeded')
  })
})

describe('the parallelism of a sweep', () => {
  test('is lowered by kubectl scale: what runs runs on, and nothing new is made until it fits', async () => {
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
  test('keeps nothing running, its clocks stand still, and it goes on where it was', async () => {
    const run = { ...buildLifecycleRun('').spec, deadlines: { trainSeconds: 12 } }
    await fixture.apply(buildLifecycleSweep('suspended', 2, { run, parallelism: 1 }))
    await fixture.waitForRunningPod('suspended-0-r0-a1')
    await fixture.kubectl(
      'patch',
      'necosweep',
      'suspended',
      '--type=merge',
      '-p={"spec":{"suspend":true}}',
    )
    await fixture.waitForRun('suspended-0-r0', (one) => describeState(one) === 'Pending 1')
    await fixture.waitForSweep(
      'suspended',
      ({ status }) => selectReadyCondition(status) === 'Suspended',
    )
    await waitUntil({
      what: 'no Job and no pod',
      withinMs: 60_000,
      look: async () =>
        (await listObjectNames('jobs,pods', '-l', 'neco.dev/sweep=suspended')).length === 0 ||
        undefined,
    })
    // A run with the same deadline that is not suspended shows that the time has passed.
    await fixture.apply(buildLifecycleRun('late', run))
    const late = await fixture.waitForRun('late', ({ status }) => isEnded(status?.conditions))
    expect(selectReadyCondition(late.status)).toBe('Deadline')
    expect(await listObjectNames('jobs,pods', '-l', 'neco.dev/sweep=suspended')).toEqual([])
    await fixture.kubectl(
      'patch',
      'necosweep',
      'suspended',
      '--type=merge',
      '-p={"spec":{"suspend":false}}',
    )
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

describe('what is deleted while it runs', () => {
  test('a sweep goes with its runs, Jobs, pods and what was made for them', async () => {
    await fixture.apply(buildLifecycleSweep('deleted', 3))
    await Promise.all([0, 1, 2].map((point) => fixture.waitForRunningPod(`deleted-${point}-r0-a1`)))
    await fixture.kubectl('delete', 'necosweep', 'deleted', '--timeout=60s')
    const kinds = 'necoruns,jobs,pods,configmaps,secrets'
    await waitUntil({
      what: 'nothing of the sweep',
      withinMs: 60_000,
      look: async () =>
        (await listObjectNames(kinds)).every((name) => !name.includes('/deleted')) || undefined,
    })
  })

  test('a namespace goes with everything in it, and the operator does not fight that', async () => {
    await fixture.apply(buildLifecycleSweep('doomed', 3))
    await Promise.all([0, 1, 2].map((point) => fixture.waitForRunningPod(`doomed-${point}-r0-a1`)))
    const startMs = Date.now()
    await testbed.kubectl.ok(['delete', 'namespace', fixture.namespace, '--timeout=120s'])
    const refused = await refusedCreations()
    const figure = 'creations refused while a namespace with a sweep of 3 goes'
    printMeasurement(`${figure}: ${refused.length} (${refused.join(', ')})`)
    // One for the sweep and one for each of its runs, and none of them twice.
    expect(refused.length).toBeLessThanOrEqual(4)
    expect(new Set(refused).size).toBe(refused.length)
    expect(await warningsSince(startMs)).toEqual([])
    const restarts = '-o=jsonpath={.items[*].status.containerStatuses[*].restartCount}'
    const counts = await testbed.kubectl.ok(['get', 'pods', '-n', fixture.system, restarts])
    expect(counts.split(' ')).toEqual(['0', '0'])
  })
})
