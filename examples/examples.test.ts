import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseManifestText } from '../cli/manifest/read-manifest.ts'

const folder = import.meta.dirname
const files = (await readdir(folder, { recursive: true }))
  .filter((name) => name.endsWith('.yaml'))
  .sort()

describe('every example', () => {
  it('is one of these', () => {
    expect(files).toEqual([
      'controls.yaml',
      'effect.yaml',
      'paper/sweep-batch-size.yaml',
      'paper/sweep-neighbors.yaml',
      'paper/sweep-steepness.yaml',
      'run.yaml',
      'sweep-batch-size.yaml',
      'sweep-neighbors.yaml',
      'sweep-steepness.yaml',
    ])
  })

  it.each(files)(
    '%s is accepted and says its command, hardware, time or needs, and result',
    async (file) => {
      const text = await readFile(join(folder, file), 'utf8')
      const header = text.slice(0, text.indexOf('apiVersion'))
      for (const word of ['command:', 'hardware:', 'expect:']) expect(header).toContain(word)
      expect(header).toMatch(/time:|needs:/)
      const manifest = parseManifestText({ file, text, overrides: [] })
      expect(manifest.kind).toBe(file === 'run.yaml' ? 'NeCoRun' : 'NeCoSweep')
    },
  )
})
