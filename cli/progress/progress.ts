interface Share {
  readonly done: number
  readonly total: number
}

/** What is known of a sweep in flight, summed over its runs. */
export interface Progress {
  readonly data: Share
  readonly training: Share
  readonly evaluation: Share
  readonly runs: { readonly running: number; readonly ended: number; readonly total: number }
  readonly imagesPerSecond: number
  readonly elapsedMs: number
}

const BAR = 24

/** 75 s reads 1:15, an hour and more 1:02:03. */
function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`
}

const bar = ({ done, total }: Share): string => {
  const filled = total === 0 ? 0 : Math.round((BAR * Math.min(done, total)) / total)
  return '█'.repeat(filled) + '░'.repeat(BAR - filled)
}

const speed = (imagesPerSecond: number): string =>
  imagesPerSecond > 0 ? `  ${imagesPerSecond.toFixed(0)} images/s` : ''

const row = (name: string, share: Share, unit: string): string =>
  `${name.padEnd(11)} ${bar(share)}  ${share.done}/${share.total} ${unit}`

/** Bars for a terminal, cut to its width. */
export const progressBars = (progress: Progress, columns: number): readonly string[] =>
  [
    row('data', progress.data, 'pictures'),
    row('training', progress.training, 'steps') + speed(progress.imagesPerSecond),
    row('evaluation', progress.evaluation, 'evaluations'),
    `${'runs'.padEnd(11)} ${progress.runs.ended} of ${progress.runs.total} ended, ${progress.runs.running} running, ${clockText(progress.elapsedMs)}`,
  ].map((line) => line.slice(0, Math.max(1, columns - 1)))

/** The same in one line, for a log. */
export const progressLine = (progress: Progress): string =>
  [
    `${clockText(progress.elapsedMs)}  data ${progress.data.done}/${progress.data.total}`,
    `training ${progress.training.done}/${progress.training.total} steps${speed(progress.imagesPerSecond)}`,
    `evaluation ${progress.evaluation.done}/${progress.evaluation.total}`,
    `runs ${progress.runs.ended}/${progress.runs.total} ended`,
  ].join(' · ')
