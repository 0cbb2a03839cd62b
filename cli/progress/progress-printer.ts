import type { Shell } from '../shell.ts'
import { formatProgressBars, formatProgressLine, type StudyProgress } from './study-progress.ts'

/** A log gets a line at most this often. */
const PLAIN_INTERVAL_MS = 5000

export interface ProgressPrinter {
  /** Shows progress: redraws bars on a terminal, prints a line from time to time elsewhere. */
  readonly update: (progress: StudyProgress) => void
  /** Prints a line above the bars. */
  readonly printLine: (line: string) => void
  /** Draws the last state for good. */
  readonly finish: (progress: StudyProgress) => void
}

type Terminal = Pick<Shell, 'write' | 'isTerminal' | 'columns' | 'now'>

/** Escape sequences: up n lines and erase to the end of the screen. */
const rewind = (lines: number): string => (lines === 0 ? '' : `\u001b[${lines}A\u001b[J`)

function createTerminalPrinter(terminal: Terminal): ProgressPrinter {
  let drawn: readonly string[] = []
  const redraw = (above: string, bars: readonly string[]): void => {
    terminal.write(`${rewind(drawn.length)}${above}${bars.map((line) => `${line}\n`).join('')}`)
    drawn = bars
  }
  const show = (progress: StudyProgress): void => {
    const bars = formatProgressBars(progress, terminal.columns)
    if (bars.join('\n') !== drawn.join('\n')) redraw('', bars)
  }
  return { update: show, printLine: (line) => redraw(`${line}\n`, drawn), finish: show }
}

function createPlainPrinter(terminal: Terminal): ProgressPrinter {
  let lastMs = Number.NEGATIVE_INFINITY
  let last = ''
  /** Without the elapsed time, which always changes. */
  const stripElapsedTime = (line: string): string => line.slice(line.indexOf('  '))
  const write = (progress: StudyProgress): void => {
    const line = formatProgressLine(progress)
    if (stripElapsedTime(line) === stripElapsedTime(last)) return
    terminal.write(`${line}\n`)
    last = line
    lastMs = terminal.now()
  }
  return {
    update: (progress) => {
      if (terminal.now() - lastMs >= PLAIN_INTERVAL_MS) write(progress)
    },
    printLine: (line) => terminal.write(`${line}\n`),
    finish: write,
  }
}

/** Draws bars on a terminal and plain lines, at most one in five seconds, elsewhere. */
export const createProgressPrinter = (terminal: Terminal): ProgressPrinter =>
  terminal.isTerminal ? createTerminalPrinter(terminal) : createPlainPrinter(terminal)
