import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { findCondition, isEnded } from '../../operator/core/conditions.ts'
import { auditTrail } from './audit-trail.ts'
import { sharedBed } from './bed/shared-bed.ts'
import { waitUntil } from './bed/wait-until.ts'
import { printFigure } from './figure.ts'
import {
  aRun,
  aSweep,
  type LifecycleGround,
  openLifecycleGround,
  SUCCESS,
} from './lifecycle-ground.ts'

const bed = sharedBed()

let ground: LifecycleGround
beforeAll(async () => {
  ground = await openLifecycleGround(bed, { name: 'objects' })
})
afterAll(() => ground?.close())

type Status = NeCoRun['status']
const readyOf = (status: Status | NeCoSweep['status']): string | undefined =>
  findCondition(status?.conditions, 'Ready')?.reason
const isComplete = ({ status }: NeCoRun | NeCoSweep): boolean =>
  findCondition(status?.conditions, 'Complete')?.status === 'True'
const stateOf = ({ status }: NeCoRun): string =>
  `${status?.tasks?.[0]?.state} ${status?.tasks?.[0]?.attempt}`

/** What there is of some kinds in the namespace, such as job/a-a1. */
async function namesOf(kinds: string, ...words: readonly string[]): Promise<readonly string[]> {
  const out = await ground.kubectl('get', kinds, '-o=name', ...words)
  return out.split('\n').filter((line) => line !== '')
}

/** What the operator asked the API server to make in the namespace. */
async function creations() {
  const written = await auditTrail(bed.auditLog, ground.namespace).read()
  return written.filter(({ verb, user }) => verb === 'create' && user === ground.operatorUser)
}

async function creationsOf(job: string): Promise<number> {
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
  const pods = await ground.operatorPods()
  const logs = await Promise.all(
    pods.map((pod) => bed.kubectl.ok(['logs', pod, '-n', ground.system])),
  )
  return logs
    .flatMap((log) => log.split('\n'))
    .filter((line) => line.includes(ground.namespace) && /"level":"(warn|error|fatal)"/.test(line))
    .filter((line) => Date.parse(JSON.parse(line).time) >= startMs)
}

describe('what somebody deletes by hand', () => {
  test('a pod: its attempt was disrupted, and the next one ends the run', async () => {
    await ground.apply(aRun('pod-gone'))
    const pod = await ground.runningPod('pod-gone-a1')
    await ground.kubectl('delete', 'pod', pod, '--wait=false')
    await ground.endPod('pod-gone-a2', SUCCESS)
    const { status } = await ground.onceRun('pod-gone', isComplete)
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 2, retries: { Disruption: 1 } })
  })

  test('a Job: its attempt was disrupted, and the next one ends the run', async () => {
    await ground.apply(aRun('job-gone'))
    await ground.runningPod('job-gone-a1')
    await ground.kubectl('delete', 'job', 'job-gone-a1')
    await ground.endPod('job-gone-a2', SUCCESS)
    const { status } = await ground.onceRun('job-gone', isComplete)
    expect(status?.tasks?.[0]).toMatchObject({ attempt: 2, retries: { Disruption: 1 } })
    expect(await namesOf('jobs', '-l', 'neco.dev/run=job-gone')).toEqual(['job.batch/job-gone-a2'])
  })

  test('the ConfigMap of a run: the pod at work goes on, and the next attempt is told the same again', async () => {
    const told = async (): Promise<unknown> => {
      const { data, immutable } = JSON.parse(
        await ground.kubectl('get', 'configmap', 'config-gone', '-o=json'),
      )
      return { data, immutable }
    }
    await ground.apply(aRun('config-gone'))
    await ground.runningPod('config-gone-a1')
    const before = await told()
    await ground.kubectl('delete', 'configmap', 'config-gone')
    await ground.endPod('config-gone-a1', { exitCode: 4 })
    await ground.runningPod('config-gone-a2')
    expect(await told()).toEqual(before)
    await ground.endPod('config-gone-a2', SUCCESS)
    await ground.onceRun('config-gone', isComplete)
  })

  test('a run of a sweep: it is made again, and nothing of the first one is left', async () => {
    await ground.apply(aSweep('run-gone', 2))
    await ground.runningPod('run-gone-0-r0-a1')
    const before = (await ground.run('run-gone-0-r0')).metadata.uid
    await ground.kubectl('delete', 'necorun', 'run-gone-0-r0')
    const again = await ground.onceRun(
      'run-gone-0-r0',
      ({ metadata, status }) => metadata.uid !== before && readyOf(status) === 'Running',
    )
    const { uid = '' } = again.metadata
    const owner = 'jsonpath={.metadata.ownerReferences[0].uid}'
    await ground.kubectl('wait', 'job/run-gone-0-r0-a1', `--for=${owner}=${uid}`, '--timeout=60s')
    await ground.runningPod('run-gone-0-r0-a1')
    await ground.endPod('run-gone-0-r0-a1', SUCCESS)
    await ground.endPod('run-gone-1-r0-a1', SUCCESS)
    const { status } = await ground.onceSweep('run-gone', isComplete)
    expect(status).toMatchObject({ total: 2, succeeded: 2, failed: 0 })
  })
})

describe('a Job of the same name that somebody else made', () => {
  test('holds up the run, which says so and what to do, asks no more than now and then, and goes on when it is gone', async () => {
    const job = 'taken-a1'
    await ground.kubectl('create', 'job', job, '--image=busybox')
    await ground.apply(aRun('taken'))
    const { status } = await ground.onceRun(
      'taken',
      (run) => readyOf(run.status) === 'NameConflict',
    )
    const ready = findCondition(status?.conditions, 'Ready')
    expect(ready?.message).toContain(`Job ${ground.namespace}/${job} is in the way`)
    expect(ready?.message).toContain('delete it, or give the run another name')
    expect(isEnded(status?.conditions)).toBe(false)
    // Other runs come and go meanwhile: what is in the way of one is asked for again only as time passes.
    await ground.apply(aRun('beside'))
    await ground.endPod('beside-a1', SUCCESS)
    await ground.onceRun('beside', isComplete)
    expect(await creationsOf(job)).toBeLessThanOrEqual(4)
    await ground.kubectl('delete', 'job', job)
    await ground.endPod(job, SUCCESS)
    await ground.onceRun('taken', isComplete)
  })
})

describe('a study that is edited while it runs', () => {
  const edit = (kind: string, name: string, spec: object) =>
    bed.kubectl.run([
      'patch',
      kind,
      name,
      '-n',
      ground.namespace,
      '--type=merge',
      '-p',
      JSON.stringify({ spec }),
    ])

  test('keeps what determines its results, and takes what does not', async () => {
    await ground.apply(aSweep('edited', 2))
    await ground.runningPod('edited-0-r0-a1')
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
    await ground.endPod('edited-0-r0-a1', { exitCode: 1 })
    const failed = await ground.onceRun('edited-0-r0', ({ status }) => isEnded(status?.conditions))
    expect(failed.status?.tasks?.[0]).toMatchObject({ attempt: 1, cause: 'Unexpected' })
    expect((await edit('necosweep', 'edited', { failureBudget: { unexpected: 0 } })).exitCode).toBe(
      0,
    )
    const over = await ground.onceSweep('edited', ({ status }) => isEnded(status?.conditions))
    expect(readyOf(over.status)).toBe('FailureBudgetExceeded')
  })
})

describe('the parallelism of a sweep', () => {
  test('is lowered by kubectl scale: what runs runs on, and nothing new is made until it fits', async () => {
    await ground.apply(aSweep('scaled', 5, { parallelism: 3 }))
    const pods = await Promise.all(
      [0, 1, 2].map((point) => ground.runningPod(`scaled-${point}-r0-a1`)),
    )
    await ground.kubectl('scale', 'necosweep/scaled', '--replicas=1')
    await ground.onceSweep(
      'scaled',
      ({ metadata, status }) => status?.observedGeneration === metadata.generation,
    )
    await ground.endPod('scaled-0-r0-a1', SUCCESS)
    await ground.endPod('scaled-1-r0-a1', SUCCESS)
    const drained = await ground.onceSweep('scaled', ({ status }) => status?.succeeded === 2)
    expect(drained.status).toMatchObject({ running: 1, pending: 2 })
    expect(await ground.runningPod('scaled-2-r0-a1')).toBe(pods[2])
    await ground.endPod('scaled-2-r0-a1', SUCCESS)
    await ground.runningPod('scaled-3-r0-a1')
    const one = await ground.onceSweep('scaled', ({ status }) => status?.succeeded === 3)
    expect(one.status).toMatchObject({ running: 1, pending: 1 })
    await ground.endPod('scaled-3-r0-a1', SUCCESS)
    await ground.endPod('scaled-4-r0-a1', SUCCESS)
    const { status } = await ground.onceSweep('scaled', isComplete)
    expect(status?.succeeded).toBe(5)
    for (const { metadata, status: ended } of await ground.runs()) {
      if (!metadata.name.startsWith('scaled-')) continue
      expect(ended?.tasks?.[0]).toMatchObject({ attempt: 1 })
    }
  })
})

describe('a suspended sweep', () => {
  test('keeps nothing running, its clocks stand still, and it goes on where it was', async () => {
    const run = { ...aRun('').spec, deadlines: { trainSeconds: 12 } }
    await ground.apply(aSweep('suspended', 2, { run, parallelism: 1 }))
    await ground.runningPod('suspended-0-r0-a1')
    await ground.kubectl(
      'patch',
      'necosweep',
      'suspended',
      '--type=merge',
      '-p={"spec":{"suspend":true}}',
    )
    await ground.onceRun('suspended-0-r0', (one) => stateOf(one) === 'Pending 1')
    await ground.onceSweep('suspended', ({ status }) => readyOf(status) === 'Suspended')
    await waitUntil({
      what: 'no Job and no pod',
      withinMs: 60_000,
      look: async () =>
        (await namesOf('jobs,pods', '-l', 'neco.dev/sweep=suspended')).length === 0 || undefined,
    })
    // A run with the same deadline that is not suspended shows that the time has passed.
    await ground.apply(aRun('late', run))
    const late = await ground.onceRun('late', ({ status }) => isEnded(status?.conditions))
    expect(readyOf(late.status)).toBe('Deadline')
    expect(await namesOf('jobs,pods', '-l', 'neco.dev/sweep=suspended')).toEqual([])
    await ground.kubectl(
      'patch',
      'necosweep',
      'suspended',
      '--type=merge',
      '-p={"spec":{"suspend":false}}',
    )
    await ground.endPod('suspended-0-r0-a2', SUCCESS)
    await ground.endPod('suspended-1-r0-a1', SUCCESS)
    const { status } = await ground.onceSweep('suspended', isComplete)
    expect(status).toMatchObject({ succeeded: 2, failed: 0 })
    const resumed = (await ground.run('suspended-0-r0')).status?.tasks?.[0]
    expect(resumed).toMatchObject({ attempt: 2, state: 'Succeeded' })
    expect(resumed?.retries).toBeUndefined()
    expect(resumed?.ranMs).toBeLessThan(12_000)
  })
})

describe('what is deleted while it runs', () => {
  test('a sweep goes with its runs, Jobs, pods and what was made for them', async () => {
    await ground.apply(aSweep('deleted', 3))
    await Promise.all([0, 1, 2].map((point) => ground.runningPod(`deleted-${point}-r0-a1`)))
    await ground.kubectl('delete', 'necosweep', 'deleted', '--timeout=60s')
    const kinds = 'necoruns,jobs,pods,configmaps,secrets'
    await waitUntil({
      what: 'nothing of the sweep',
      withinMs: 60_000,
      look: async () =>
        (await namesOf(kinds)).every((name) => !name.includes('/deleted')) || undefined,
    })
  })

  test('a namespace goes with everything in it, and the operator does not fight that', async () => {
    await ground.apply(aSweep('doomed', 3))
    await Promise.all([0, 1, 2].map((point) => ground.runningPod(`doomed-${point}-r0-a1`)))
    const startMs = Date.now()
    await bed.kubectl.ok(['delete', 'namespace', ground.namespace, '--timeout=120s'])
    const refused = await refusedCreations()
    const figure = 'creations refused while a namespace with a sweep of 3 goes'
    printFigure(`${figure}: ${refused.length} (${refused.join(', ')})`)
    // One for the sweep and one for each of its runs, and none of them twice.
    expect(refused.length).toBeLessThanOrEqual(4)
    expect(new Set(refused).size).toBe(refused.length)
    expect(await warningsSince(startMs)).toEqual([])
    const restarts = '-o=jsonpath={.items[*].status.containerStatuses[*].restartCount}'
    const counts = await bed.kubectl.ok(['get', 'pods', '-n', ground.system, restarts])
    expect(counts.split(' ')).toEqual(['0', '0'])
  })
})
