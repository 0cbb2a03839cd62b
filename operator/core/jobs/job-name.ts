/** The work of a run: the training, then each evaluation. */
export type TaskIndex = 'train' | number

/** `<run>-reader-<n>` for the n-th Job that ships what pods of a run left. */
export const buildReaderJobName = (run: string, number: number): string => `${run}-reader-${number}`

/** `<run>-a<n>` for an attempt at training, `<run>-e<i>-a<n>` for one at evaluation i. */
export const buildJobName = (run: string, taskIndex: TaskIndex, attempt: number): string =>
  taskIndex === 'train' ? `${run}-a${attempt}` : `${run}-e${taskIndex}-a${attempt}`

/** The work at a position of `status.tasks`: the training, then each evaluation. */
export const toTaskIndex = (position: number): TaskIndex =>
  position === 0 ? 'train' : position - 1
