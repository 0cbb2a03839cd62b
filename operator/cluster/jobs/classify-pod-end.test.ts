import { describe, expect, test } from 'vitest'
import {
  buildBoundPod,
  buildDisruptionTarget,
  buildFailedStatus,
  buildTrainerStatus,
  type PodStatusView,
  terminationMessage,
  terminationMessageText,
  toTimestamp,
} from '../../../test/fixtures/pod-states.ts'
import { classifyJobFailure } from '../../core/run/failure-cause.ts'
import { classifyPod } from './classify-pod.ts'

describe('a pod that succeeded', () => {
  test('gives its termination message and times', () => {
    expect(
      classifyPod(
        buildBoundPod({
          ...buildFailedStatus({ exitCode: 0, message: terminationMessageText }),
          phase: 'Succeeded',
        }),
      ),
    ).toEqual({
      state: 'Succeeded',
      exitCode: 0,
      termination: terminationMessage,
      startedMs: 130_000,
      endedMs: 190_000,
    })
  })

  test('has succeeded without words where they are lost, and with words where the pod failed around it', () => {
    expect(classifyPod(buildBoundPod({ phase: 'Succeeded' }))).toMatchObject({ state: 'Succeeded' })
    const disrupted = buildFailedStatus(
      { exitCode: 0, message: terminationMessageText },
      { conditions: [buildDisruptionTarget('X')] },
    )
    expect(classifyPod(buildBoundPod(disrupted))).toMatchObject({
      state: 'Succeeded',
      termination: terminationMessage,
    })
  })
})

const interrupted = { exitCode: 5 }
const noContainer = (reason: string): PodStatusView => ({
  phase: 'Failed',
  reason,
  message: 'says why',
})
describe('a pod that failed', () => {
  test.each([
    ['by a wrong input', buildFailedStatus({ exitCode: 2 }), 'UserError'],
    ['since it cannot fit', buildFailedStatus({ exitCode: 3 }), 'Infeasible'],
    ['by its storage', buildFailedStatus({ exitCode: 4 }), 'Infrastructure'],
    ['since it was asked to stop', buildFailedStatus(interrupted), 'Disruption'],
    ['by a loss that is not finite', buildFailedStatus({ exitCode: 6 }), 'NotFinite'],
    ['by a bug', buildFailedStatus({ exitCode: 1, reason: 'Error' }), 'Unexpected'],
    ['by a fault of memory access', buildFailedStatus({ exitCode: 139 }), 'Unexpected'],
    [
      'by the memory limit',
      buildFailedStatus({ exitCode: 137, reason: 'OOMKilled' }),
      'Infeasible',
    ],
    [
      'by SIGKILL without words',
      buildFailedStatus({ exitCode: 137, reason: 'Error' }),
      'Disruption',
    ],
    [
      'by SIGTERM before it listened',
      buildFailedStatus({ exitCode: 143, reason: 'Error' }),
      'Disruption',
    ],
    [
      'by a signal that the runtime names',
      buildFailedStatus({ exitCode: 255, signal: 9 }),
      'Disruption',
    ],
    [
      'since its node was restarted',
      buildFailedStatus({ exitCode: 137, reason: 'ContainerStatusUnknown' }),
      'Disruption',
    ],
    [
      'by eviction under pressure',
      buildFailedStatus(interrupted, { reason: 'Evicted' }),
      'Disruption',
    ],
    ['by eviction before it started', noContainer('Evicted'), 'Disruption'],
    ['by a more important pod of the kubelet', noContainer('Preempting'), 'Disruption'],
    ['by the shutdown of its node', noContainer('Terminated'), 'Disruption'],
    ...[
      'PreemptionByScheduler',
      'DeletionByTaintManager',
      'EvictionByEvictionAPI',
      'DeletionByPodGC',
      'TerminationByKubelet',
    ].map((reason): [string, PodStatusView, string] => [
      `by ${reason}`,
      buildFailedStatus({ exitCode: 137 }, { conditions: [buildDisruptionTarget(reason)] }),
      'Disruption',
    ]),
    ['by a deadline that others set', noContainer('DeadlineExceeded'), 'Disruption'],
    ['by the admission of the kubelet', noContainer('OutOfcpu'), 'Infrastructure'],
    ['by a device that went', noContainer('UnexpectedAdmissionError'), 'Infrastructure'],
    ['by a setting that no node allows', noContainer('SysctlForbidden'), 'UserError'],
    [
      'by the runtime',
      buildFailedStatus({ exitCode: 128, reason: 'StartError' }),
      'Infrastructure',
    ],
    [
      'by an init container',
      buildFailedStatus(undefined, {
        initContainerStatuses: [{ name: 'mesh', state: { terminated: { exitCode: 1 } } }],
        containerStatuses: [buildTrainerStatus({ waiting: { reason: 'PodInitializing' } })],
      }),
      'Infrastructure',
    ],
    ['without a word', { phase: 'Failed' }, 'Infrastructure'],
    [
      'while its container was last seen running',
      {
        phase: 'Failed',
        containerStatuses: [buildTrainerStatus({ running: { startedAt: toTimestamp(130) } })],
      },
      'Disruption',
    ],
    [
      'by a wrong input while it was evicted',
      buildFailedStatus(
        { exitCode: 2 },
        { conditions: [buildDisruptionTarget('EvictionByEvictionAPI')] },
      ),
      'UserError',
    ],
  ] as [string, PodStatusView, string][])(
    '%s is charged as it should be',
    (_what, status, budget) => {
      const reading = classifyPod(buildBoundPod(status))
      expect([reading.state, classifyJobFailure(reading)]).toEqual(['Failed', budget])
      expect(reading.endedMs).toBeGreaterThanOrEqual(100_000)
    },
  )

  test('says why in words, its own before those of the cluster', () => {
    const evicted = { reason: 'Evicted', message: 'The node was low on resource: memory.' }
    expect(classifyPod(buildBoundPod({ phase: 'Failed', ...evicted })).message).toBe(
      'Evicted: The node was low on resource: memory.',
    )
    const preempted = buildFailedStatus(
      { exitCode: 137 },
      { conditions: [buildDisruptionTarget('PreemptionByScheduler')] },
    )
    expect(classifyPod(buildBoundPod(preempted)).message).toBe(
      'PreemptionByScheduler: it had to go',
    )
    const log = buildFailedStatus({
      exitCode: 1,
      reason: 'Error',
      message: 'TypeError: x is not y',
    })
    expect(classifyPod(buildBoundPod(log)).message).toBe('Error: TypeError: x is not y')
    const silent = classifyPod(buildBoundPod(buildFailedStatus({ exitCode: 2, reason: 'Error' })))
    expect([silent.message, silent.exitCode]).toEqual([undefined, 2])
  })
})
