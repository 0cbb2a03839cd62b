import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { NeCoRun } from '../../../crds/necorun.ts'
import { findCondition, isEnded } from '../../../operator/core/conditions.ts'
import { BUDGET_BY_CAUSE, type FailureCause } from '../../../operator/core/run/failure-cause.ts'
import type { ContainerEnd } from '../kubelet/executor.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import {
  buildLifecycleRun,
  buildLifecycleSweep,
  formatTerminationMessage,
  type LifecycleFixture,
  openLifecycleFixture,
  SCENES,
} from './lifecycle-fixture.ts'

const testbed = sharedTestbed()

let fixture: LifecycleFixture
beforeAll(async () => {
  fixture = await openLifecycleFixture(testbed, { name: 'budgets' })
})
afterAll(() => fixture?.close())

const ONCE = { infrastructure: 1, disruption: 1, unexpected: 1 }
const RETRIED: ReadonlySet<string> = new Set(['Infrastructure', 'Disruption', 'Unexpected'])

/** The expected state of a run whose first attempt ended. */
async function expectCharged(name: string, cause: FailureCause, message: RegExp): Promise<void> {
  const charged = ({ status }: NeCoRun): boolean => status?.tasks?.[0]?.cause !== undefined
  const { status } = await fixture.waitForRun(name, charged)
  const [task] = status?.tasks ?? []
  expect([task?.cause, task?.retries ?? {}]).toEqual([
    cause,
    RETRIED.has(cause) ? { [cause]: 1 } : {},
  ])
  expect(task?.message).toMatch(message)
  if (RETRIED.has(cause)) return
  expect(task?.state).toBe('Failed')
  expect(findCondition(status?.conditions, 'Failed')).toMatchObject({
    status: 'True',
    reason: cause,
  })
}

const evicted = (reason: string, disruption: string): ContainerEnd => ({
  exitCode: 143,
  podEnd: { reason, message: 'the node wanted it gone', disruption },
})
const buildEndWithMessage = (exitCode: number, reason: string): ContainerEnd => ({
  exitCode,
  terminationMessage: formatTerminationMessage(reason),
})

describe('the end of a container is charged to the budget of its cause', () => {
  const ENDS: readonly [string, ContainerEnd, FailureCause, RegExp][] = [
    ['exit-1', buildEndWithMessage(1, 'Unexpected'), 'Unexpected', /^Unexpected$/],
    ['exit-2', buildEndWithMessage(2, 'UserError'), 'UserError', /^UserError$/],
    ['exit-3', buildEndWithMessage(3, 'Infeasible'), 'Infeasible', /^Infeasible$/],
    ['exit-4', buildEndWithMessage(4, 'Infrastructure'), 'Infrastructure', /^Infrastructure$/],
    ['exit-5', buildEndWithMessage(5, 'Interrupted'), 'Disruption', /^Interrupted$/],
    ['exit-6', buildEndWithMessage(6, 'NotFinite'), 'NotFinite', /^NotFinite$/],
    ['exit-7', buildEndWithMessage(7, 'FirstStepLate'), 'Deadline', /^FirstStepLate$/],
    ['exit-8', buildEndWithMessage(8, 'Stalled'), 'Deadline', /^Stalled$/],
    ['silent-success', { exitCode: 0 }, 'Infrastructure', /termination message is missing/],
    ['out-of-memory', { exitCode: 137, reason: 'OOMKilled' }, 'Infeasible', /^OOMKilled: .*raise/],
    ['killed', { exitCode: 137 }, 'Disruption', /signal 9 from outside/],
    ['segmentation-fault', { exitCode: 139 }, 'Unexpected', /exit code 139/],
    ['no-program', { exitCode: 127, reason: 'ContainerCannotRun' }, 'Infrastructure', /CannotRun/],
    ['evicted', evicted('Evicted', 'TerminationByKubelet'), 'Disruption', /TerminationByKubelet/],
    [
      'node-shutdown',
      evicted('Terminated', 'TerminationByKubelet'),
      'Disruption',
      /wanted it gone/,
    ],
    [
      'evicted-bad-input',
      { ...evicted('Evicted', 'TerminationByKubelet'), exitCode: 2 },
      'UserError',
      /./,
    ],
  ]
  beforeAll(async () => {
    const items = ENDS.map(([name]) => buildLifecycleRun(name, { retries: ONCE }))
    await fixture.apply({ apiVersion: 'v1', kind: 'List', items })
    await Promise.all(ENDS.map(([name, how]) => fixture.endPod(`${name}-a1`, how)))
  })
  test.each(ENDS)('%s', async (...[name, , cause, message]) => {
    await expectCharged(name, cause, message)
  })
})

describe('the state of a pod is charged to the budget of its cause', () => {
  const failedInit = {
    phase: 'Failed',
    initContainerStatuses: [
      {
        name: 'injected',
        image: 'mesh:1',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { terminated: { exitCode: 3, reason: 'Error', message: 'no mesh' } },
      },
    ],
    containerStatuses: [
      {
        name: 'trainer',
        image: 'neco:1',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'PodInitializing' } },
      },
    ],
  }
  const target = (reason: string) => ({
    phase: 'Failed',
    conditions: [{ type: 'DisruptionTarget', status: 'True', reason, message: 'it had to go' }],
  })
  const rejected = (reason: string) => ({
    phase: 'Failed',
    reason,
    message: 'the kubelet refused it',
    containerStatuses: [],
  })
  const badImage = {
    containerStatuses: [
      {
        name: 'trainer',
        image: '::',
        imageID: '',
        ready: false,
        restartCount: 0,
        state: { waiting: { reason: 'InvalidImageName', message: 'cannot be parsed' } },
      },
    ],
  }
  const STATES: readonly [string, object, FailureCause, RegExp][] = [
    [
      'failed-init',
      failedInit,
      'Infrastructure',
      /init container injected .*code 3: Error: no mesh/,
    ],
    ['preempted', target('PreemptionByScheduler'), 'Disruption', /^PreemptionByScheduler/],
    ['tainted', target('DeletionByTaintManager'), 'Disruption', /^DeletionByTaintManager/],
    ['collected', target('DeletionByPodGC'), 'Disruption', /^DeletionByPodGC/],
    ['no-device', rejected('UnexpectedAdmissionError'), 'Infrastructure', /^UnexpectedAdmission/],
    ['node-affinity', rejected('NodeAffinity'), 'Infrastructure', /^NodeAffinity/],
    ['app-armor', rejected('AppArmor'), 'UserError', /^AppArmor/],
    ['bad-image-name', badImage, 'UserError', /^InvalidImageName.*set pod.image/],
  ]
  beforeAll(async () => {
    // This node has no kubelet: the patched status is the only one of these pods.
    const nodeSelector = { silent: fixture.namespace }
    const items = STATES.map(([name]) =>
      buildLifecycleRun(name, { retries: ONCE, pod: { nodeSelector } }),
    )
    await fixture.apply({ apiVersion: 'v1', kind: 'List', items })
    await Promise.all(
      STATES.map(async ([name, status]) => {
        await fixture.waitForRun(
          name,
          (run) => findCondition(run.status?.conditions, 'Ready')?.reason === 'Unschedulable',
        )
        await fixture.patchPod(await fixture.findPod(`${name}-a1`), status)
      }),
    )
  })
  test.each(STATES)('%s', async (...[name, , cause, message]) => {
    await expectCharged(name, cause, message)
  })
})

describe('waiting too long is charged as a deadline, and the pod is deleted', () => {
  const WAITS: readonly [string, Parameters<typeof buildLifecycleRun>[1], RegExp][] = [
    [
      'pull',
      { pod: { image: 'neco/nowhere:1' }, deadlines: { pullSeconds: 2 } },
      /pullSeconds has passed: .*nowhere/,
    ],
    [
      'schedule',
      { pod: { nodeSelector: { no: 'such' } }, deadlines: { scheduleSeconds: 2 } },
      /scheduleSeconds has passed: .*nodes are available/,
    ],
  ]
  test.each(WAITS)('%s', async (name, spec, message) => {
    await fixture.apply(buildLifecycleRun(`late-${name}`, spec))
    await expectCharged(`late-${name}`, 'Deadline', message)
    await fixture.kubectl('wait', `job/late-${name}-a1`, '--for=delete', '--timeout=60s')
  })
})

describe('the failure budget of a sweep', () => {
  const CAUSES: readonly [FailureCause, ContainerEnd][] = [
    ['UserError', { exitCode: 2 }],
    ['Infeasible', { exitCode: 3 }],
    ['NotFinite', { exitCode: 6 }],
    ['Infrastructure', { exitCode: 4 }],
    ['Deadline', { exitCode: 8 }],
    ['Disruption', { exitCode: 137 }],
    ['Unexpected', { exitCode: 1 }],
  ]
  const run = { ...SCENES, retries: { infrastructure: 0, disruption: 0, unexpected: 0 } }

  test.each(CAUSES)(
    'pays for %s from the entry of that cause, and one more than allowed fails the sweep',
    async (cause, how) => {
      const name = `budget-${cause.toLowerCase()}`
      await fixture.apply(
        buildLifecycleSweep(name, 3, { run, failureBudget: { [BUDGET_BY_CAUSE[cause]]: 1 } }),
      )
      await fixture.endPod(`${name}-0-r0-a1`, how)
      const one = await fixture.waitForSweep(name, ({ status }) => status?.failed === 1)
      expect(isEnded(one.status?.conditions)).toBe(false)
      await fixture.endPod(`${name}-1-r0-a1`, how)
      const { status } = await fixture.waitForSweep(name, (sweep) =>
        isEnded(sweep.status?.conditions),
      )
      expect(status?.failures).toEqual({ [cause]: 2 })
      expect(findCondition(status?.conditions, 'Failed')).toMatchObject({
        status: 'True',
        reason: 'FailureBudgetExceeded',
        message: `failureBudget.${BUDGET_BY_CAUSE[cause]} is exceeded`,
      })
      const stopped = await fixture.waitForRun(
        `${name}-2-r0`,
        ({ status }) => status?.tasks?.[0]?.state === 'Pending',
      )
      expect(stopped.spec.suspend).toBe(true)
    },
  )
})
