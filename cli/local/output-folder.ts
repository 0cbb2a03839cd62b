import { join } from 'node:path'

/** The paths in one output folder. */
export interface OutputPaths {
  readonly root: string
  /** Lock, journal and the folders of the Jobs. */
  readonly state: string
  readonly jobs: string
  /** The storage of trainer and evaluator: results under their keys, checkpoints, reports. */
  readonly storage: string
}

/** The journal, relative to the state folder. */
export const JOURNAL = 'journal.ndjson'

export const buildOutputPaths = (root: string): OutputPaths => ({
  root,
  state: join(root, '.neco'),
  jobs: join(root, '.neco', 'jobs'),
  storage: join(root, 'storage'),
})
