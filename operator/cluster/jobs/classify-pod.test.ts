import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  buildBoundPod,
  buildPod,
  buildPodCondition,
  buildTrainerStatus,
  buildWaitingStatus,
  type PodStatusView,
  scheduledCondition,
  terminationMessageText,
  toTimestamp,
} from '../../../test/fixtures/pod-states.ts'
import { classifyPod, mayHaveLostNode } from './classify-pod.ts'
import type { ContainerView, NodeView } from './pod-view.ts'

describe('a pod that has not started', () => {
  test.each([
    [
      'no node fits it',
      buildPod({
        phase: 'Pending',
        conditions: [
          buildPodCondition('PodScheduled', {
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.',
          }),
        ],
      }),
      {
        phase: 'Schedule',
        sinceMs: 100_000,
        reason: 'Unschedulable',
        message: '0/3 nodes are available: 3 Insufficient nvidia.com/gpu.',
      },
    ],
    ['nobody has looked at it', buildPod({}), { phase: 'Schedule', sinceMs: 100_000 }],
    [
      'a gate holds it back',
      buildPod({
        phase: 'Pending',
        conditions: [
          buildPodCondition('PodScheduled', { status: 'False', reason: 'SchedulingGated' }),
        ],
      }),
      { phase: 'Queue', sinceMs: 100_000, reason: 'SchedulingGated' },
    ],
    [
      'its volumes and network are not ready',
      buildBoundPod({
        phase: 'Pending',
        conditions: [
          scheduledCondition,
          buildPodCondition('PodReadyToStartContainers', { status: 'False' }),
        ],
        containerStatuses: [buildTrainerStatus({ waiting: { reason: 'ContainerCreating' } })],
      }),
      { phase: 'Init', sinceMs: 110_000 },
    ],
    [
      'its image is pulled',
      buildBoundPod(buildWaitingStatus('ContainerCreating')),
      { phase: 'Pull', sinceMs: 120_000 },
    ],
    [
      'its image cannot be pulled',
      buildBoundPod(buildWaitingStatus('ErrImagePull', 'not found')),
      { phase: 'Pull', sinceMs: 120_000, reason: 'ImagePullBackOff', message: 'not found' },
    ],
    [
      'pulling its image is tried again later',
      buildBoundPod(buildWaitingStatus('ImagePullBackOff')),
      { phase: 'Pull', sinceMs: 120_000, reason: 'ImagePullBackOff' },
    ],
    [
      'a Secret or ConfigMap that it names is missing',
      buildBoundPod(buildWaitingStatus('CreateContainerConfigError', 'secret "s" not found')),
      {
        phase: 'Init',
        sinceMs: 110_000,
        reason: 'CreateContainerConfigError',
        message: 'secret "s" not found',
      },
    ],
    [
      'an injected init container runs',
      buildBoundPod({
        phase: 'Pending',
        conditions: [scheduledCondition],
        initContainerStatuses: [
          { name: 'mesh', state: { running: { startedAt: toTimestamp(111) } } },
        ],
        containerStatuses: [buildTrainerStatus({ waiting: { reason: 'PodInitializing' } })],
      }),
      { phase: 'Init', sinceMs: 110_000 },
    ],
  ])('waits where %s', (_what, given, expected) => {
    expect(classifyPod(given)).toEqual({ state: 'Pending', waiting: expected })
  })

  test('is refused, and still there, where its image has no valid name', () => {
    const reading = classifyPod(
      buildBoundPod(buildWaitingStatus('InvalidImageName', 'bad reference')),
    )
    expect(reading).toEqual({
      state: 'Failed',
      cause: 'Refused',
      message: 'InvalidImageName: bad reference; set pod.image',
    })
  })
})

describe('a pod that runs', () => {
  test('tells since when, and by which image', () => {
    const running = buildTrainerStatus(
      { running: { startedAt: toTimestamp(130) } },
      'registry.test/neco@sha256:1',
    )
    expect(classifyPod(buildBoundPod({ phase: 'Running', containerStatuses: [running] }))).toEqual({
      state: 'Running',
      startedMs: 130_000,
      imageId: 'registry.test/neco@sha256:1',
    })
  })

  test('is read by our container, whatever is injected beside it', () => {
    const sidecar: ContainerView = {
      name: 'proxy',
      state: { running: { startedAt: toTimestamp(1) } },
    }
    const ours = buildTrainerStatus({ waiting: { reason: 'ContainerCreating' } })
    const status = {
      phase: 'Pending',
      conditions: [scheduledCondition],
      containerStatuses: [sidecar, ours],
    }
    expect(classifyPod(buildBoundPod(status)).state).toBe('Pending')
  })
})

const node = (change: Partial<NodeView> & { readonly ready?: string }): NodeView => ({
  metadata: { name: 'n1' },
  status: {
    conditions: [
      { type: 'Ready', status: change.ready ?? 'True', lastTransitionTime: toTimestamp(200) },
    ],
  },
  ...change,
})
describe('a pod on a node that may be lost', () => {
  const running = buildBoundPod({
    phase: 'Running',
    containerStatuses: [buildTrainerStatus({ running: { startedAt: toTimestamp(130) } })],
  })
  const outOfService = { taints: [{ key: 'node.kubernetes.io/out-of-service' }] }
  test.each([
    ['runs on while the node only is silent', node({ ready: 'Unknown' }), undefined, 'Running'],
    ['runs on where the node is well', node({}), 1_000, 'Running'],
    ['is given up when the node was deleted', 'Gone' as const, undefined, 'Failed'],
    [
      'is given up when the node is out of service',
      node({ spec: outOfService }),
      undefined,
      'Failed',
    ],
    [
      'is given up after the time that was opted for',
      node({ ready: 'Unknown' }),
      100_000,
      'Failed',
    ],
    ['runs on before that time', node({ ready: 'Unknown' }), 100_001, 'Running'],
  ])('%s', (...[, seen, releaseAfterMs, state]) => {
    const reading = classifyPod(running, { node: seen, nowMs: 300_000, releaseAfterMs })
    expect(reading).toMatchObject({ state, startedMs: 130_000 })
    expect([reading.cause, reading.endedMs]).toEqual([
      state === 'Failed' ? 'Disrupted' : undefined,
      undefined,
    ])
  })

  test('is asked after once it should have ended, or when nobody knows', () => {
    const deleted = {
      ...running,
      metadata: { ...running.metadata, deletionTimestamp: toTimestamp(200) },
    }
    expect([199_000, 201_000].map((nowMs) => mayHaveLostNode(deleted, nowMs))).toEqual([
      false,
      true,
    ])
    expect(mayHaveLostNode(buildBoundPod({ phase: 'Unknown' }), 0)).toBe(true)
    expect(mayHaveLostNode(running, 1e9)).toBe(false)
  })
})

describe('any pod at all', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'Failed',
      'Running',
      'OOMKilled',
      'Evicted',
      'True',
      terminationMessageText,
      toTimestamp(5),
    ),
  )
  const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
  const state = fc.record(
    {
      waiting: fc.record({ reason: text, message: text }, { requiredKeys: [] }),
      running: fc.record({ startedAt: text }, { requiredKeys: [] }),
      terminated: fc.record(
        {
          exitCode: fc.integer(),
          signal: fc.integer(),
          reason: text,
          message: text,
          startedAt: text,
          finishedAt: text,
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  const containers = optional(
    fc.array(fc.record({ name: text, imageID: text, state }, { requiredKeys: ['name'] })),
  )
  const conditions = fc.array(
    fc.record(
      {
        type: fc.constantFrom(
          'PodScheduled',
          'PodReadyToStartContainers',
          'DisruptionTarget',
          'Ready',
        ),
        status: fc.constantFrom('True', 'False', 'Unknown'),
        reason: text,
        message: text,
        lastTransitionTime: text,
      },
      { requiredKeys: ['type', 'status'] },
    ),
  )
  const status = fc.record(
    {
      phase: fc.oneof(
        text,
        fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'),
      ),
      reason: text,
      message: text,
      conditions,
      initContainerStatuses: containers,
      containerStatuses: containers,
    },
    { requiredKeys: [] },
  )
  test('is read without an error as one of four states, and as ended or not', () => {
    fc.assert(
      fc.property(status, optional(text), (given, nodeName) => {
        const reading = classifyPod(buildPod(given as PodStatusView, nodeName), {
          node: 'Gone',
          nowMs: 0,
        })
        expect(['Pending', 'Running', 'Succeeded', 'Failed']).toContain(reading.state)
        expect(reading.waiting !== undefined).toBe(reading.state === 'Pending')
        expect(Number.isNaN(reading.endedMs)).toBe(false)
      }),
      { numRuns: 500 },
    )
  })
})
