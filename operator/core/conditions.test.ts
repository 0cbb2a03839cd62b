import { describe, expect, test } from 'vitest'
import type { Condition } from '../../crds/condition.ts'
import {
  buildConditions,
  CONDITIONS_BY_STATE,
  type ConditionInput,
  findCondition,
  isEnded,
  type ObjectState,
  withObservedGeneration,
} from './conditions.ts'

const formatTrueConditions = (state: ObjectState) => {
  const conditions = buildConditions({ state, message: '', generation: 1, nowMs: 0 })
  const isTrue = (type: string) =>
    conditions.find((condition) => condition.type === type)?.status === 'True'
  return ['Ready', 'Complete', 'Failed', 'Reconciling', 'Stalled']
    .map((type) => (isTrue(type) ? type[0] : '-'))
    .join('')
}

describe('the truth table', () => {
  test.each([
    ['Queued', '---R-'],
    ['Running', '---R-'],
    ['Suspended', '-----'],
    ['Succeeded', 'RC---'],
    ['PartlyFailed', 'RC---'],
    ['Failed', '--F-S'],
    ['NotAccepted', '----S'],
  ] as const)('%s is %s (Ready, Complete, Failed, Reconciling, Stalled)', (state, expected) => {
    expect(formatTrueConditions(state)).toBe(expected)
  })
  test('is ended exactly where it is Complete or Failed', () => {
    const ended = (Object.keys(CONDITIONS_BY_STATE) as ObjectState[]).filter((state) =>
      isEnded(buildConditions({ state, message: '', generation: 1, nowMs: 0 })),
    )
    expect(ended).toEqual(['Succeeded', 'PartlyFailed', 'Failed'])
  })
})

test('the time of a transition moves only where the status changes', () => {
  const running = buildConditions({ state: 'Running', message: 'a', generation: 1, nowMs: 0 })
  const later = buildConditions(
    { state: 'Succeeded', message: 'b', generation: 1, nowMs: 5000 },
    running,
  )
  const findTransitionTime = (type: string) =>
    later.find((condition) => condition.type === type)?.lastTransitionTime
  expect(findTransitionTime('Ready')).toBe('1970-01-01T00:00:05.000Z')
  expect(findTransitionTime('Failed')).toBe('1970-01-01T00:00:00.000Z')
})

test('an ended object says that it saw a later edit, and nothing else changes', () => {
  const conditions = buildConditions({ state: 'Succeeded', message: 'a', generation: 1, nowMs: 0 })
  const status = { conditions, observedGeneration: 1, total: 6 }
  expect(withObservedGeneration(status, 1)).toBeUndefined()
  expect(withObservedGeneration(undefined, 1)).toBeUndefined()
  expect(withObservedGeneration(status, 2)).toEqual({
    conditions: conditions.map((one) => ({ ...one, observedGeneration: 2 })),
    observedGeneration: 2,
    total: 6,
  })
})

describe('a bus that cannot be used', () => {
  const away = (problem: string, code = 'BusUnreachable') => ({
    busState: 'Degraded' as const,
    busProblem: { code, message: problem },
  })
  const findBusDegraded = (bus: ConditionInput['bus'] & object, before?: Condition[]) =>
    findCondition(
      buildConditions({ state: 'Running', message: '', generation: 1, nowMs: 0, bus }, before),
      'BusDegraded',
    )

  test('is named with what to do, and nothing is reported of one that nobody configured', () => {
    expect(findBusDegraded(away('NATS at tls://a: refused; start it'))).toMatchObject({
      status: 'True',
      reason: 'BusUnreachable',
      message: 'NATS at tls://a: refused; start it; pods continue, and their reports arrive later',
    })
    expect(findBusDegraded({ busState: 'Connected' })).toMatchObject({
      status: 'False',
      reason: 'Connected',
    })
    expect(findBusDegraded({ busState: 'Off' })).toBeUndefined()
  })

  test('is reported once, however it fails at later tries, and again for another reason', () => {
    const first = findBusDegraded(away('refused'))
    const before = first === undefined ? [] : [first]
    expect(findBusDegraded(away('timed out'), before)).toEqual(first)
    expect(findBusDegraded(away('no rights', 'BusUnauthorized'), before)?.message).toContain(
      'no rights',
    )
  })
})
