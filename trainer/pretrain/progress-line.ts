const BAR_CELLS = 24

export interface Progress {
  readonly label: string
  readonly done: number
  readonly total: number
  /** Time since `startedAt` items were done. */
  readonly elapsedMs: number
  readonly startedAt: number
  readonly note?: string
}

/** One line of progress: a bar for terminals, plain words elsewhere. */
export function progressLine(progress: Progress, isTerminal: boolean): string {
  const { label, done, total, note } = progress
  const words = [`${done}/${total}`, timeLeft(progress), note].filter((word) => word)
  if (!isTerminal) return `${label} ${words.join(', ')}`
  const filled = Math.floor((BAR_CELLS * done) / total)
  return `${label} ${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ${words.join(', ')}`
}

function timeLeft({ done, total, startedAt, elapsedMs }: Progress): string {
  const finished = done - startedAt
  if (finished <= 0 || done === total) return ''
  const seconds = Math.round(((total - done) * elapsedMs) / finished / 1000)
  const minutes = Math.floor(seconds / 60)
  return minutes > 0 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`
}
