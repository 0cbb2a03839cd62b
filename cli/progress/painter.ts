import type { Shell } from '../shell.ts'
import { type Progress, progressBars, progressLine } from './progress.ts'

/** A log gets a line at most this often. */
const PLAIN_EVERY_MS = 5000

export interface Painter {
  /** Shows the newest progress: redraws bars on a terminal, now and then a line elsewhere. */
  readonly show: (progress: Progress) => void
  /** Writes a line that stays, above the bars. */
  readonly say: (line: string) => void
  /** Leaves the last state on the screen and ends the drawing. */
  readonly end: (progress: Progress) => void
}

type Terminal = Pick<Shell, 'write' | 'isTerminal' | 'columns' | 'now'>

/** Escape sequences: up n lines and erase to the end of the screen. */
const rewind = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\u001b[J`)

function terminalPainter(terminal: Terminal): Painter {
  let drawn: readonly string[] = []
  const redraw = (above: string, bars: readonly string[]): void => {
    terminal.write(`${rewind(drawn.length)}${above}${bars.map((line) => `${line}\n`).join('')}`)
    drawn = bars
  }
  const show = (progress: Progress): void => {
    const bars = progressBars(progress, terminal.columns)
    if (bars.join('\n') !== drawn.join('\n')) redraw('', bars)
  }
  return { show, say: (line) => redraw(`${line}\n`, drawn), end: show }
}

function plainPainter(terminal: Terminal): Painter {
  let lastMs = Number.NEGATIVE_INFINITY
  let last = ''
  /** The clock at the front changes always; only the rest is news. */
  const newsOf = (line: string): string => line.slice(line.indexOf('  '))
  const write = (progress: Progress): void => {
    const line = progressLine(progress)
    if (newsOf(line) === newsOf(last)) return
    terminal.write(`${line}\n`)
    last = line
    lastMs = terminal.now()
  }
  return {
    show: (progress) => {
      if (terminal.now() - lastMs >= PLAIN_EVERY_MS) write(progress)
    },
    say: (line) => terminal.write(`${line}\n`),
    end: write,
  }
}

/** Draws bars on a terminal and plain lines, at most one in five seconds, elsewhere. */
export const makePainter = (terminal: Terminal): Painter =>
  terminal.isTerminal ? terminalPainter(terminal) : plainPainter(terminal)
