import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  buildCommandSubject,
  buildInboxPrefix,
  buildProgressKey,
  buildReportSubject,
  buildRunReportsSubject,
  encodeBusToken,
  parseProgressKey,
} from './bus-names.ts'
import { TRAINING } from './task-address.ts'

const task = { kind: 'Evaluation', name: 'in context' } as const
const address = { namespace: 'team.a', runUid: '0a-1', task, attempt: 2 }

describe('names on the bus', () => {
  test('stand under namespace, run, task and attempt, with what is no token escaped', () => {
    expect(buildReportSubject(address, 'pod')).toBe(
      'neco.team=2Ea.0a-1.evaluation=2Ein=20context.2.pod.report',
    )
    expect(buildCommandSubject(address)).toBe('neco.team=2Ea.0a-1.evaluation=2Ein=20context.2.ctl')
    expect(buildProgressKey(address)).toBe('team=2Ea.0a-1.evaluation=2Ein=20context.2')
    expect(buildInboxPrefix(address)).toBe('_INBOX.team=2Ea.0a-1.evaluation=2Ein=20context.2')
    expect(buildRunReportsSubject(address)).toBe('neco.team=2Ea.0a-1.*.*.*.report')
  })

  test('never let a name out of its token, and different names differ', () => {
    const name = fc
      .uint16Array({ minLength: 1, maxLength: 40 })
      .map((units) => String.fromCharCode(...units))
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(encodeBusToken(a)).toMatch(/^[A-Za-z0-9_=-]+$/)
        const isSame = Buffer.from(a).equals(Buffer.from(b))
        expect(encodeBusToken(a) === encodeBusToken(b)).toBe(isSame)
      }),
    )
  })

  test('give back the run of a key, whatever its UID', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 60 }), (runUid) => {
        expect(parseProgressKey(buildProgressKey({ ...address, runUid }))).toEqual({
          runUid,
          isTraining: false,
        })
      }),
    )
    const training = buildProgressKey({ ...address, task: TRAINING })
    expect(parseProgressKey(training)?.isTraining).toBe(true)
    expect(parseProgressKey('other')).toBeUndefined()
  })

  test('refuse what is empty or too long', () => {
    expect(() => encodeBusToken('')).toThrow('1 to 253 characters')
    expect(() => encodeBusToken('x'.repeat(254))).toThrow('not 254')
  })
})
