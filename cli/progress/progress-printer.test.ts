import { describe, expect, it } from 'vitest'
import { createProgressPrinter } from './progress-printer.ts'
import type { StudyProgress } from './study-progress.ts'

const aProgress = (steps: number, elapsedMs: number): StudyProgress => ({
  data: { done: 512, total: 512 },
  training: { done: steps, total: 480 },
  evaluation: { done: 1, total: 12 },
  runs: { running: 2, ended: 0, total: 6 },
  imagesPerSecond: 26.4,
  elapsedMs,
})

function openPrinter(isTerminal: boolean, columns: number) {
  let text = ''
  let nowMs = 0
  const printer = createProgressPrinter({
    write: (more) => {
      text += more
    },
    isTerminal,
    columns,
    now: () => nowMs,
  })
  return {
    painter: printer,
    at: (ms: number) => {
      nowMs = ms
    },
    text: () => text,
  }
}

describe('progress elsewhere than on a terminal', () => {
  it('is a plain line at most every five seconds, and never the same news twice', () => {
    const { painter: printer, at, text } = openPrinter(false, 80)
    printer.update(aProgress(10, 1000))
    at(4999)
    printer.update(aProgress(20, 4999))
    at(5000)
    printer.update(aProgress(30, 5000))
    at(10_000)
    printer.update(aProgress(30, 10_000))
    expect(text()).toBe(
      [
        '0:01  data 512/512 · training 10/480 steps  26 images/s · evaluation 1/12 · runs 0/6 ended\n',
        '0:05  data 512/512 · training 30/480 steps  26 images/s · evaluation 1/12 · runs 0/6 ended\n',
      ].join(''),
    )
  })

  it('says the last state once at the end', () => {
    const { painter: printer, text } = openPrinter(false, 80)
    printer.update(aProgress(10, 1000))
    printer.finish(aProgress(480, 3_723_000))
    expect(text().split('\n')[1]).toMatch(/^1:02:03 {2}data 512\/512 · training 480\/480/)
  })
})

describe('progress on a terminal', () => {
  it('is redrawn in place, no wider than the terminal', () => {
    const { painter: printer, text } = openPrinter(true, 50)
    printer.update(aProgress(240, 61_000))
    printer.printLine('a line that stays')
    const bars = [
      'data        ████████████████████████  512/512 ima',
      'training    ████████████░░░░░░░░░░░░  240/480 ste',
      'evaluation  ██░░░░░░░░░░░░░░░░░░░░░░  1/12 evalua',
      'runs        0 of 6 ended, 2 running, 1:01',
    ]
    const drawn = bars.map((bar) => `${bar}\n`).join('')
    expect(text()).toBe(`${drawn}\u001b[4A\u001b[Ja line that stays\n${drawn}`)
  })
})
