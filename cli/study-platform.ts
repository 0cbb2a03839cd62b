import type { ProgressPrinter } from './progress/progress-printer.ts'
import type { Curves } from './report/study-plot.ts'
import type { StudyResults } from './report/study-results.ts'
import type { Study } from './study.ts'

export interface StudyFollowOptions {
  readonly printer: ProgressPrinter
  /** Stops watching, not the study. */
  readonly stop: AbortSignal
}

/** What a plot needs beyond the statuses. */
export interface StudyArtifacts {
  readonly curves: Curves
  /** Files by their path under the storage; missing ones are left out. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** The outcome of suspending or resuming a study. */
export interface SuspensionResult {
  /** `NeCoSweep study`. */
  readonly study: string
  readonly isChanged: boolean
  /** The command to type next. */
  readonly nextStep: string
}

/**
 * One study on its platform: an output folder of this machine, or a cluster. Every method throws
 * InputError for what the user can correct.
 */
export interface StudyPlatform {
  /** The current state of the study. */
  readonly read: () => Promise<Study>
  /**
   * Shows progress until the study is settled, no process runs it any more, or the signal aborts;
   * returns its last state.
   */
  readonly follow: (followOptions: StudyFollowOptions) => Promise<Study>
  /** Reads curves of the runs, and files under the storage. */
  readonly gather: (study: StudyResults, files: readonly string[]) => Promise<StudyArtifacts>
  /** The default path of the plot of a study. */
  readonly plotPath: (name: string) => string
  readonly suspend: (isSuspended: boolean) => Promise<SuspensionResult>
  readonly close: () => void
}
