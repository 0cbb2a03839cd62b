/** The work of a run: the training, then each evaluation. */
export type WorkIndex = 'train' | number

/** `<run>-reader-<n>` for the n-th Job that ships what pods of a run left. */
export const readerName = (run: string, number: number): string => `${run}-reader-${number}`

/** `<run>-a<n>` for an attempt at training, `<run>-e<i>-a<n>` for one at evaluation i. */
export const jobName = (run: string, work: WorkIndex, attempt: number): string =>
  work === 'train' ? `${run}-a${attempt}` : `${run}-e${work}-a${attempt}`

/** The work at a position of `status.work`: the training, then each evaluation. */
export const workIndexAt = (position: number): WorkIndex =>
  position === 0 ? 'train' : position - 1
