import { describe, expect, it } from 'vitest'
import { tailStart } from './log-server.ts'

describe('the last lines of a log', () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\n', 9, 'a\nb\n'],
    ['a\nb\n', 0, ''],
    ['\n\n', 1, '\n'],
    ['', 3, ''],
  ])('of %j, %i of them, are %j', (log, lines, tail) => {
    const bytes = Buffer.from(log)
    expect(bytes.subarray(tailStart(bytes, lines)).toString()).toBe(tail)
  })
})
