const BAR_CELLS = 24

export interface ProgressLineOptions {
  readonly label: string
  readonly done: number
  readonly total: number
  /** Time since `startedAt` items were done. */
  readonly elapsedMs: number
  readonly startedAt: number
  readonly note?: string
}

/** One line of progress: a bar for terminals, plain words elsewhere. */
export function formatProgressLine(progress: ProgressLineOptions, isTerminal: boolean): string {
  const { label, done, total, note } = progress
  const parts = [`${done}/${total}`, formatTimeLeft(progress), note].filter((word) => word)
  if (!isTerminal) return `${label} ${parts.join(', ')}`
  const filled = Math.floor((BAR_CELLS * done) / total)
  return `${label} ${'█'.repeat(filled)}${'░'.repeat(BAR_CELLS - filled)} ${parts.join(', ')}`
}

function formatTimeLeft({ done, total, startedAt, elapsedMs }: ProgressLineOptions): string {
  const finished = done - startedAt
  if (finished <= 0 || done === total) return ''
  const seconds = Math.round(((total - done) * elapsedMs) / finished / 1000)
  const minutes = Math.floor(seconds / 60)
  return minutes > 0 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`
}
