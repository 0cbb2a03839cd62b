import { describe, expect, test } from 'vitest'
import {
  at,
  boundPod,
  failed,
  type Status,
  said,
  target,
  trainer,
  words,
} from '../../../test/pod-states.ts'
import { classifyJobFailure } from '../../core/run/failure-cause.ts'
import { classifyPod } from './classify-pod.ts'

describe('a pod that succeeded', () => {
  test('gives its last words and times', () => {
    expect(
      classifyPod(boundPod({ ...failed({ exitCode: 0, message: said }), phase: 'Succeeded' })),
    ).toEqual({
      state: 'Succeeded',
      exitCode: 0,
      termination: words,
      startedMs: 130_000,
      endedMs: 190_000,
    })
  })

  test('has succeeded without words where they are lost, and with words where the pod failed around it', () => {
    expect(classifyPod(boundPod({ phase: 'Succeeded' }))).toMatchObject({ state: 'Succeeded' })
    const disrupted = failed({ exitCode: 0, message: said }, { conditions: [target('X')] })
    expect(classifyPod(boundPod(disrupted))).toMatchObject({
      state: 'Succeeded',
      termination: words,
    })
  })
})

const interrupted = { exitCode: 5 }
const noContainer = (reason: string): Status => ({ phase: 'Failed', reason, message: 'says why' })
describe('a pod that failed', () => {
  test.each([
    ['by a wrong input', failed({ exitCode: 2 }), 'UserError'],
    ['since it cannot fit', failed({ exitCode: 3 }), 'Infeasible'],
    ['by its storage', failed({ exitCode: 4 }), 'Infrastructure'],
    ['since it was asked to stop', failed(interrupted), 'Disruption'],
    ['by a loss that is not finite', failed({ exitCode: 6 }), 'NotFinite'],
    ['by a bug', failed({ exitCode: 1, reason: 'Error' }), 'Unexpected'],
    ['by a fault of memory access', failed({ exitCode: 139 }), 'Unexpected'],
    ['by the memory limit', failed({ exitCode: 137, reason: 'OOMKilled' }), 'Infeasible'],
    ['by SIGKILL without words', failed({ exitCode: 137, reason: 'Error' }), 'Disruption'],
    ['by SIGTERM before it listened', failed({ exitCode: 143, reason: 'Error' }), 'Disruption'],
    ['by a signal that the runtime names', failed({ exitCode: 255, signal: 9 }), 'Disruption'],
    [
      'since its node was restarted',
      failed({ exitCode: 137, reason: 'ContainerStatusUnknown' }),
      'Disruption',
    ],
    ['by eviction under pressure', failed(interrupted, { reason: 'Evicted' }), 'Disruption'],
    ['by eviction before it started', noContainer('Evicted'), 'Disruption'],
    ['by a more important pod of the kubelet', noContainer('Preempting'), 'Disruption'],
    ['by the shutdown of its node', noContainer('Terminated'), 'Disruption'],
    ...[
      'PreemptionByScheduler',
      'DeletionByTaintManager',
      'EvictionByEvictionAPI',
      'DeletionByPodGC',
      'TerminationByKubelet',
    ].map((reason): [string, Status, string] => [
      `by ${reason}`,
      failed({ exitCode: 137 }, { conditions: [target(reason)] }),
      'Disruption',
    ]),
    ['by a deadline that others set', noContainer('DeadlineExceeded'), 'Disruption'],
    ['by the admission of the kubelet', noContainer('OutOfcpu'), 'Infrastructure'],
    ['by a device that went', noContainer('UnexpectedAdmissionError'), 'Infrastructure'],
    ['by a setting that no node allows', noContainer('SysctlForbidden'), 'UserError'],
    ['by the runtime', failed({ exitCode: 128, reason: 'StartError' }), 'Infrastructure'],
    [
      'by an init container',
      failed(undefined, {
        initContainerStatuses: [{ name: 'mesh', state: { terminated: { exitCode: 1 } } }],
        containerStatuses: [trainer({ waiting: { reason: 'PodInitializing' } })],
      }),
      'Infrastructure',
    ],
    ['without a word', { phase: 'Failed' }, 'Infrastructure'],
    [
      'while its container was last seen running',
      { phase: 'Failed', containerStatuses: [trainer({ running: { startedAt: at(130) } })] },
      'Disruption',
    ],
    [
      'by a wrong input while it was evicted',
      failed({ exitCode: 2 }, { conditions: [target('EvictionByEvictionAPI')] }),
      'UserError',
    ],
  ] as [string, Status, string][])('%s is charged as it should be', (_what, status, budget) => {
    const reading = classifyPod(boundPod(status))
    expect([reading.state, classifyJobFailure(reading)]).toEqual(['Failed', budget])
    expect(reading.endedMs).toBeGreaterThanOrEqual(100_000)
  })

  test('says why in words, its own before those of the cluster', () => {
    const evicted = { reason: 'Evicted', message: 'The node was low on resource: memory.' }
    expect(classifyPod(boundPod({ phase: 'Failed', ...evicted })).message).toBe(
      'Evicted: The node was low on resource: memory.',
    )
    const preempted = failed({ exitCode: 137 }, { conditions: [target('PreemptionByScheduler')] })
    expect(classifyPod(boundPod(preempted)).message).toBe('PreemptionByScheduler: it had to go')
    const log = failed({ exitCode: 1, reason: 'Error', message: 'TypeError: x is not y' })
    expect(classifyPod(boundPod(log)).message).toBe('Error: TypeError: x is not y')
    const silent = classifyPod(boundPod(failed({ exitCode: 2, reason: 'Error' })))
    expect([silent.message, silent.exitCode]).toEqual([undefined, 2])
  })
})
