import { describe, expect, it } from 'vitest'
import { runExample } from '../test/programs/run-example.ts'

describe('an example at a reduced size', () => {
  it.each([
    ['sweep-steepness.yaml', 3],
    ['sweep-batch-size.yaml', 3],
    ['sweep-neighbors.yaml', 3],
    ['controls.yaml', 3],
  ])('%s gives a row for each of its points', async (name, points) => {
    const { code, err, document } = await runExample(name, ['replicates=1'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const values = document.points.map(({ summary }) => summary['scenes.inContextMiou@1']?.n)
    expect(values).toEqual(Array(points).fill(1))
  })

  it('run.yaml is measured before, half-way and after', async () => {
    const { code, document } = await runExample('run.yaml', [])
    expect(code).toBe(0)
    const keys = document.columns.map(({ key }) => key)
    for (const at of [0, 0.5, 1]) expect(keys).toContain(`scenes.linearMiou@${at}`)
  })
})
