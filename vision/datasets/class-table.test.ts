import { describe, expect, test } from 'vitest'
import { memoryBucket } from '../../test/fakes/memory-bucket.ts'
import { readClassTable, VOC_CLASSES } from './class-table.ts'

describe('a table of classes', () => {
  test.each([
    ['without an index column', 'name\nsky\n', 'does not name its columns'],
    ['out of order', 'index\tname\n1\tsky\n', 'line 2 should have index 0'],
    ['without rows', 'index\tname\n', 'no classes'],
  ])('%s is refused', async (_, text, message) => {
    const files = memoryBucket()
    await files.put('names.tsv', text)
    await expect(readClassTable({ files, path: 'names.tsv' })).rejects.toThrow(message)
  })
  test('may end with the ignored label', async () => {
    const files = memoryBucket()
    await files.put('names.tsv', 'index\tname\n0\tsky\n255\tvoid\n')
    const names = (await readClassTable({ files, path: 'names.tsv' })).map(({ name }) => name)
    expect(names).toEqual(['sky'])
  })
  test('of VOC has the official colors', () => {
    expect(VOC_CLASSES[1]?.displayColor).toEqual([128, 0, 0])
    expect(VOC_CLASSES[15]?.displayColor).toEqual([192, 128, 128])
  })
})
