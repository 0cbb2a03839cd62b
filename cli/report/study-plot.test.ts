import { describe, expect, it } from 'vitest'
import type { ResultsDocument } from './results-document.ts'
import { drawStudyPlot } from './study-plot.ts'

const aDocument = (points: number): ResultsDocument => ({
  schemaVersion: 1,
  kind: 'NeCoSweep',
  name: 'a <study>',
  swept: ['loss.studentSteepness'],
  columns: [0, 1].map((at) => ({
    key: `scenes.inContextMiou@${at}`,
    title: `in-context mIoU ${at === 0 ? 'before' : 'after'}`,
    unit: 'percent',
    better: 'Higher',
    deterministic: true,
    incomparableAcross: [],
  })),
  points: Array.from({ length: points }, (_, point) => ({
    point,
    assignment: { 'loss.studentSteepness': 10 ** point },
    summary: {},
    runs: [0, 1].map((replicate) => ({
      name: `study-${point}-r${replicate}`,
      replicate,
      verdict: 'Succeeded' as const,
      values: { 'scenes.inContextMiou@0': 27, 'scenes.inContextMiou@1': 32 + replicate },
    })),
  })),
})

const curve = [1, 2, 3].map((step) => ({ step, loss: 4 - step / 10 }))
const listSvgTexts = (svg: string): string[] =>
  [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((found) => found[1] ?? '')

describe('the plot of a study', () => {
  const svg = drawStudyPlot(aDocument(2), new Map([['study-0-r0', curve]]))

  it('has an accessible name for screen readers', () => {
    expect(svg).toContain('<title>a &lt;study&gt;</title>')
  })

  it('has titles, ticks and one legend entry per point', () => {
    expect(listSvgTexts(svg)).toEqual([
      'a &lt;study&gt;',
      'NeCo loss',
      'mean ± sample standard deviation over replicates',
      ...['3.7', '3.75', '3.8', '3.85', '3.9'],
      ...['1', '1.5', '2', '2.5', '3'],
      'step',
      'in-context mIoU, %',
      'mean ± sample standard deviation over replicates',
      ...['26', '28', '30', '32', '34'],
      ...['0', '0.2', '0.4', '0.6', '0.8', '1'],
      'fraction of the schedule (0 before, 1 after training)',
      'studentSteepness 1',
      'studentSteepness 10',
    ])
  })

  it('has no overlapping legend entries, even with long labels and many points', () => {
    const many = drawStudyPlot(aDocument(30), new Map())
    const entries = [...many.matchAll(/<text x="([\d.]+)" y="([\d.]+)">(studentSteepness [^<]*)</g)]
    const boxes = entries.map(([, x, y, label]) => ({
      x: Number(x),
      y: Number(y),
      end: Number(x) + (label ?? '').length * 7,
    }))
    expect(boxes).toHaveLength(21)
    const width = Number(many.match(/width="([\d.]+)"/)?.[1])
    for (const [at, box] of boxes.entries()) {
      expect(box.end).toBeLessThan(width)
      const sameRow = boxes.slice(at + 1).filter(({ y }) => y === box.y)
      for (const other of sameRow) expect(other.x).toBeGreaterThan(box.end)
    }
  })

  it('draws the spread as whiskers side by side, and none where nothing varies', () => {
    const chart = svg.slice(svg.indexOf('in-context mIoU'))
    const whiskers = [...chart.matchAll(/<path d="M([\d.]+) ([\d.]+)L\1 ([\d.]+)M[^"]*" stroke=/g)]
    expect(whiskers).toHaveLength(2)
    const [first, second] = whiskers.map(([, x]) => Number(x))
    expect(Math.abs((first ?? 0) - (second ?? 0))).toBeGreaterThanOrEqual(8)
    for (const [, , low, high] of whiskers) expect(Number(low)).toBeGreaterThan(Number(high))
  })
})
