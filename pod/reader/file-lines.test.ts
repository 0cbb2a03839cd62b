import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseFilesFromLog, toFileLines } from './file-lines.ts'

describe('files in a log', () => {
  test('come out as they went in, among other lines, in lines that a log keeps whole', () => {
    const bytes = fc.uint8Array({ maxLength: 20_000 })
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        const lines = [...toFileLines('a.png', a), 'something else', ...toFileLines('b', b), '{}']
        expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(16_384)
        const files = parseFilesFromLog(lines.join('\n'))
        expect([...files.keys()]).toEqual(['a.png', 'b'])
        expect([Buffer.from(a), Buffer.from(b)]).toEqual([...files.values()])
      }),
      { numRuns: 20 },
    )
  })

  test('are left out where they are missing, or where a part is', () => {
    const [first = ''] = toFileLines('big', new Uint8Array(20_000))
    expect(parseFilesFromLog([...toFileLines('none', undefined), first].join('\n')).size).toBe(0)
  })
})
