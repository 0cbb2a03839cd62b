import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findCondition, isEnded } from '../../../operator/core/conditions.ts'
import { openAuditLog } from '../operator/audit-log.ts'
import { printMeasurement } from '../testbed/print-measurement.ts'
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
  fixture = await openLifecycleFixture(testbed, { name: 'objects' })
})
afterAll(() => fixture?.close())

/** Create requests of the operator in the namespace. */
async function creations() {
  const written = await openAuditLog(testbed.auditLog, fixture.namespace).read()
  return written.filter(({ verb, user }) => verb === 'create' && user === fixture.operatorUser)
}

async function countCreations(job: string): Promise<number> {
  const all = await creations()
  return all.filter(({ resource, name }) => resource === 'jobs' && name === job).length
}

/** The refused ones of those, such as jobs/a-a1. */
async function refusedCreations(): Promise<readonly string[]> {
  const refused = (await creations()).filter(({ status }) => status === 403 || status === 404)
  return refused.map(({ resource, name }) => `${resource}/${name}`)
}

/** Warnings of the operators about the namespace since a time. */
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

describe('an object that is deleted by hand', () => {
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
    expect(await fixture.listObjectNames('jobs', '-l', 'neco.dev/run=job-gone')).toEqual([
      'job.batch/job-gone-a2',
    ])
  })

  test('the ConfigMap of a run: the running pod continues, and the next attempt gets the same one', async () => {
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

  test('a run of a sweep: it is recreated, and nothing of the first one is left', async () => {
    await fixture.apply(buildLifecycleSweep('run-gone', 2))
    await fixture.waitForRunningPod('run-gone-0-r0-a1')
    const before = (await fixture.run('run-gone-0-r0')).metadata.uid
    await fixture.kubectl('delete', 'necorun', 'run-gone-0-r0')
    const again = await fixture.waitForRun(
      'run-gone-0-r0',
      ({ metadata, status }) => metadata.uid !== before && readReadyReason(status) === 'Running',
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

describe('a foreign Job of the same name', () => {
  test('blocks the run, which names it and the remedy, retries with backoff, and continues once it is gone', async () => {
    const job = 'taken-a1'
    await fixture.kubectl('create', 'job', job, '--image=busybox')
    await fixture.apply(buildLifecycleRun('taken'))
    const { status } = await fixture.waitForRun(
      'taken',
      (run) => readReadyReason(run.status) === 'NameConflict',
    )
    const ready = findCondition(status?.conditions, 'Ready')
    expect(ready?.message).toContain(`Job ${fixture.namespace}/${job} is in the way`)
    expect(ready?.message).toContain('delete it, or give the run another name')
    expect(isEnded(status?.conditions)).toBe(false)
    // The end of another run must not trigger a retry: only time does.
    await fixture.apply(buildLifecycleRun('beside'))
    await fixture.endPod('beside-a1', SUCCESS)
    await fixture.waitForRun('beside', isComplete)
    expect(await countCreations(job)).toBeLessThanOrEqual(4)
    await fixture.kubectl('delete', 'job', job)
    await fixture.endPod(job, SUCCESS)
    await fixture.waitForRun('taken', isComplete)
  })
})

describe('a study that is deleted while it runs', () => {
  test('a sweep is deleted with its runs, Jobs, pods and everything they own', async () => {
    await fixture.apply(buildLifecycleSweep('deleted', 3))
    await Promise.all([0, 1, 2].map((point) => fixture.waitForRunningPod(`deleted-${point}-r0-a1`)))
    await fixture.kubectl('delete', 'necosweep', 'deleted', '--timeout=60s')
    const kinds = 'necoruns,jobs,pods,configmaps,secrets'
    await waitUntil({
      what: 'nothing of the sweep',
      withinMs: 60_000,
      look: async () =>
        (await fixture.listObjectNames(kinds)).every((name) => !name.includes('/deleted')) ||
        undefined,
    })
  })

  test('a namespace is deleted with everything in it, and the operator recreates nothing', async () => {
    await fixture.apply(buildLifecycleSweep('doomed', 3))
    await Promise.all([0, 1, 2].map((point) => fixture.waitForRunningPod(`doomed-${point}-r0-a1`)))
    const startMs = Date.now()
    await testbed.kubectl.ok(['delete', 'namespace', fixture.namespace, '--timeout=120s'])
    const refused = await refusedCreations()
    const figure = 'creations refused while a namespace with a sweep of 3 goes'
    printMeasurement(`${figure}: ${refused.length} (${refused.join(', ')})`)
    // One for the sweep and one for each of its runs, none of them twice.
    expect(refused.length).toBeLessThanOrEqual(4)
    expect(new Set(refused).size).toBe(refused.length)
    expect(await warningsSince(startMs)).toEqual([])
    const restarts = '-o=jsonpath={.items[*].status.containerStatuses[*].restartCount}'
    const counts = await testbed.kubectl.ok(['get', 'pods', '-n', fixture.system, restarts])
    expect(counts.split(' ')).toEqual(['0', '0'])
  })
})
