import { expect, it } from 'vitest'
import { runExample } from '../test/programs/run-example.ts'

it('effect.yaml, at a reduced size, ends with the gains and their intervals', async () => {
  const { code, out, err, document } = await runExample('effect.yaml', [
    'replicates=3',
    'parallelism=2',
  ])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const [linear, inContext, end] = out.split('\n').slice(-3)
  const interval = String.raw`[+−]\d+\.\d\d \[[+−]\d+\.\d\d, [+−]\d+\.\d\d\] \(95 %, n = 3\)$`
  expect(linear).toMatch(new RegExp(`^linear mIoU after − before: ${interval}`))
  expect(inContext).toMatch(new RegExp(`^in-context mIoU after − before: ${interval}`))
  expect(end).toBe('')
  const [point] = document.points
  expect(point?.summary['scenes.inContextMiou@0']?.deviation).toBe(0)
  const keys = new Set(point?.runs.map(({ runKey }) => runKey))
  expect(keys.size).toBe(3)
})
