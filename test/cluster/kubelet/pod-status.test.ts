import { describe, expect, it } from 'vitest'
import { type ContainerRecord, newContainerRecord, type PodRecord } from './pod-record.ts'
import { podPhase, podStatus } from './pod-status.ts'

const waiting = newContainerRecord('main', 'image', false)
const running: ContainerRecord = {
  ...waiting,
  state: { kind: 'Running', startedAt: 'then', containerId: 'process://1' },
  isStarted: true,
  isReady: true,
}
const ended = (exitCode: number): ContainerRecord => ({
  ...waiting,
  state: { kind: 'Terminated', terminated: { exitCode, reason: 'Error' } },
  isFinal: true,
})
const buildPodRecord = (containers: readonly ContainerRecord[], more: Partial<PodRecord> = {}) => ({
  podIp: '127.64.0.1',
  hostIp: '127.0.0.1',
  startedAt: 'then',
  initContainers: [],
  containers,
  end: undefined,
  isOver: false,
  ...more,
})
const evicted = { reason: 'Evicted', message: 'low on memory' }

describe('the phase of a pod', () => {
  it.each<[string, PodRecord]>([
    ['Pending', buildPodRecord([waiting])],
    ['Pending', buildPodRecord([running, waiting])],
    ['Pending', buildPodRecord([waiting], { initContainers: [running] })],
    ['Running', buildPodRecord([running])],
    ['Running', buildPodRecord([running, ended(1)])],
    ['Running', buildPodRecord([{ ...waiting, last: { exitCode: 1, reason: 'Error' } }])],
    ['Succeeded', buildPodRecord([ended(0), ended(0)], { isOver: true })],
    ['Failed', buildPodRecord([ended(0), ended(1)], { isOver: true })],
    ['Failed', buildPodRecord([waiting], { initContainers: [ended(1)] })],
    ['Failed', buildPodRecord([running], { end: evicted })],
  ])('is %s', (phase, record) => {
    expect(podPhase(record)).toBe(phase)
  })
})

describe('the conditions of a pod', () => {
  const listConditions = (record: PodRecord) =>
    Object.fromEntries(
      podStatus(record, {}, 'now').conditions.map(({ type, status }) => [type, status]),
    )

  it('are ready when every container is', () => {
    expect(listConditions(buildPodRecord([running]))).toEqual({
      PodScheduled: 'True',
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      ContainersReady: 'True',
      Ready: 'True',
    })
    const unready = { ...running, isReady: false }
    expect(listConditions(buildPodRecord([running, unready]))).toMatchObject({ Ready: 'False' })
    expect(listConditions(buildPodRecord([waiting], { initContainers: [running] }))).toMatchObject({
      Initialized: 'False',
      Ready: 'False',
    })
  })

  it('keep the time of their last transition while their status is the same', () => {
    const first = podStatus(buildPodRecord([waiting]), {}, 'first')
    const second = podStatus(buildPodRecord([running]), first, 'second')
    const findLastTransitionTime = (type: string) =>
      second.conditions.find((condition) => condition.type === type)?.lastTransitionTime
    expect(findLastTransitionTime('PodScheduled')).toBe('first')
    expect(findLastTransitionTime('Ready')).toBe('second')
  })
})
