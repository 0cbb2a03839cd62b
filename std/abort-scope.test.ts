import { expect, test } from 'vitest'
import { createAbortScope } from './abort-scope.ts'

test('an abort scope aborts with the reason of the signal it follows', () => {
  const parent = new AbortController()
  const scope = createAbortScope([undefined, parent.signal])
  expect(scope.signal.aborted).toBe(false)
  parent.abort('stopped')
  expect([scope.signal.aborted, scope.signal.reason]).toEqual([true, 'stopped'])
})

test('an abort scope of a signal that has aborted is aborted from its start', () => {
  const { signal } = createAbortScope([AbortSignal.abort('before')])
  expect([signal.aborted, signal.reason]).toEqual([true, 'before'])
})

test('an abort scope that has ended follows nothing any more', () => {
  const parent = new AbortController()
  const scope = createAbortScope([parent.signal])
  scope.end()
  parent.abort()
  expect(scope.signal.aborted).toBe(false)
})
