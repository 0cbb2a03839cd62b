import { describe, expect, test } from 'vitest'
import type { Condition } from '../../crds/condition.ts'
import {
  CONDITION_TABLE,
  conditionOf,
  conditionsOf,
  isEnded,
  type ObjectState,
  type StateReport,
  seenStatus,
} from './conditions.ts'

const truthOf = (state: ObjectState) => {
  const conditions = conditionsOf({ state, message: '', generation: 1, nowMs: 0 })
  const holds = (type: string) =>
    conditions.find((condition) => condition.type === type)?.status === 'True'
  return ['Ready', 'Complete', 'Failed', 'Reconciling', 'Stalled']
    .map((type) => (holds(type) ? type[0] : '-'))
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
  ] as const)('%s is %s (Ready, Complete, Failed, Reconciling, Stalled)', (state, truth) => {
    expect(truthOf(state)).toBe(truth)
  })
  test('is ended exactly where it is Complete or Failed', () => {
    const ended = (Object.keys(CONDITION_TABLE) as ObjectState[]).filter((state) =>
      isEnded(conditionsOf({ state, message: '', generation: 1, nowMs: 0 })),
    )
    expect(ended).toEqual(['Succeeded', 'PartlyFailed', 'Failed'])
  })
})

test('the time of a transition moves only where the status changes', () => {
  const running = conditionsOf({ state: 'Running', message: 'a', generation: 1, nowMs: 0 })
  const later = conditionsOf(
    { state: 'Succeeded', message: 'b', generation: 1, nowMs: 5000 },
    running,
  )
  const timeOf = (type: string) =>
    later.find((condition) => condition.type === type)?.lastTransitionTime
  expect(timeOf('Ready')).toBe('1970-01-01T00:00:05.000Z')
  expect(timeOf('Failed')).toBe('1970-01-01T00:00:00.000Z')
})

test('an ended object says that it saw a later edit, and nothing else changes', () => {
  const conditions = conditionsOf({ state: 'Succeeded', message: 'a', generation: 1, nowMs: 0 })
  const status = { conditions, observedGeneration: 1, total: 6 }
  expect(seenStatus(status, 1)).toBeUndefined()
  expect(seenStatus(undefined, 1)).toBeUndefined()
  expect(seenStatus(status, 2)).toEqual({
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
  const busOf = (bus: StateReport['bus'] & object, before?: Condition[]) =>
    conditionOf(
      conditionsOf({ state: 'Running', message: '', generation: 1, nowMs: 0, bus }, before),
      'BusDegraded',
    )

  test('is named with what to do, and nothing is said of one that nobody configured', () => {
    expect(busOf(away('NATS at tls://a: refused; start it'))).toMatchObject({
      status: 'True',
      reason: 'BusUnreachable',
      message: 'NATS at tls://a: refused; start it; pods go on, and what they say arrives later',
    })
    expect(busOf({ busState: 'Connected' })).toMatchObject({ status: 'False', reason: 'Connected' })
    expect(busOf({ busState: 'Off' })).toBeUndefined()
  })

  test('is told once, however it fails at later tries, and again for another reason', () => {
    const first = busOf(away('refused'))
    const before = first === undefined ? [] : [first]
    expect(busOf(away('timed out'), before)).toEqual(first)
    expect(busOf(away('no rights', 'BusUnauthorized'), before)?.message).toContain('no rights')
  })
})
