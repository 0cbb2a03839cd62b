interface ProgressCount {
  readonly done: number
  readonly total: number
}

/** What is known of a sweep in flight, summed over its runs. */
export interface StudyProgress {
  readonly data: ProgressCount
  readonly training: ProgressCount
  readonly evaluation: ProgressCount
  readonly runs: { readonly running: number; readonly ended: number; readonly total: number }
  readonly imagesPerSecond: number
  readonly elapsedMs: number
}

const BAR_WIDTH = 24

/** 75 s reads 1:15, an hour and more 1:02:03. */
function formatElapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const padTwo = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  return hours > 0
    ? `${hours}:${padTwo(minutes)}:${padTwo(seconds % 60)}`
    : `${minutes}:${padTwo(seconds % 60)}`
}

const formatBar = ({ done, total }: ProgressCount): string => {
  const filled = total === 0 ? 0 : Math.round((BAR_WIDTH * Math.min(done, total)) / total)
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
}

const formatSpeed = (imagesPerSecond: number): string =>
  imagesPerSecond > 0 ? `  ${imagesPerSecond.toFixed(0)} images/s` : ''

const formatBarRow = (name: string, count: ProgressCount, unit: string): string =>
  `${name.padEnd(11)} ${formatBar(count)}  ${count.done}/${count.total} ${unit}`

/** Bars for a terminal, cut to its width. */
export const formatProgressBars = (progress: StudyProgress, columns: number): readonly string[] =>
  [
    formatBarRow('data', progress.data, 'images'),
    formatBarRow('training', progress.training, 'steps') + formatSpeed(progress.imagesPerSecond),
    formatBarRow('evaluation', progress.evaluation, 'evaluations'),
    `${'runs'.padEnd(11)} ${progress.runs.ended} of ${progress.runs.total} ended, ${progress.runs.running} running, ${formatElapsed(progress.elapsedMs)}`,
  ].map((line) => line.slice(0, Math.max(1, columns - 1)))

/** The same in one line, for a log. */
export const formatProgressLine = (progress: StudyProgress): string =>
  [
    `${formatElapsed(progress.elapsedMs)}  data ${progress.data.done}/${progress.data.total}`,
    `training ${progress.training.done}/${progress.training.total} steps${formatSpeed(progress.imagesPerSecond)}`,
    `evaluation ${progress.evaluation.done}/${progress.evaluation.total}`,
    `runs ${progress.runs.ended}/${progress.runs.total} ended`,
  ].join(' · ')
