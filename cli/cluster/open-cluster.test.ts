import { expect, test } from 'vitest'
import { chooseNamespace } from './open-cluster.ts'

test.each([
  ['asked', 'context', 'pod', 'asked'],
  ['asked', undefined, undefined, 'asked'],
  [undefined, 'context', 'pod', 'context'],
  [undefined, 'context', undefined, 'context'],
  [undefined, undefined, 'pod', 'pod'],
  [undefined, '', 'pod', 'pod'],
  [undefined, undefined, '', 'default'],
  [undefined, undefined, undefined, 'default'],
])('flag %s, context %s, pod %s: the namespace is %s', (...row) => {
  const [flag, context, pod, meant] = row
  expect(chooseNamespace({ flag, context, pod })).toBe(meant)
})
