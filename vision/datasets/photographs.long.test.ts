import { describe, expect, test } from 'vitest'
import { folderFiles } from '../../std/files/folder-files.ts'
import { IGNORED_LABEL } from './dataset.ts'
import { openDataset } from './open-dataset.ts'

/**
 * Photographs in VOC layout with the lists train and val and a table classes.tsv. They are not part
 * of the repository: NECO_TEST_PHOTOGRAPHS names their folder.
 */
const folder = process.env['NECO_TEST_PHOTOGRAPHS']

if (folder === undefined) {
  describe.skip('photographs: set NECO_TEST_PHOTOGRAPHS to a folder in VOC layout', () => {
    test('are not tested', () => {})
  })
} else {
  describe.each(['train', 'val'])('photographs of the split %s', (split) => {
    const settings = { kind: 'Voc', path: '', split, classes: 'classes.tsv' } as const

    test('all decode, with masks of their size and of known classes', async () => {
      const photographs = await openDataset(settings, { volumes: { '': folderFiles(folder) } })
      const seen = new Set<number>()
      expect(photographs.size).toBeGreaterThan(0)
      for (let i = 0; i < photographs.size; i++) {
        const image = await photographs.image(i)
        const mask = await photographs.mask(i)
        expect([mask.width, mask.height]).toEqual([image.width, image.height])
        expect(image.rgb).toHaveLength(3 * image.width * image.height)
        for (const label of mask.labels) seen.add(label)
      }
      seen.delete(IGNORED_LABEL)
      expect(Math.max(...seen)).toBeLessThan(photographs.classes.length)
      expect(seen.size).toBeGreaterThan(1)
    })
  })
}
