import type { ProgressPrinter } from './progress/progress-printer.ts'
import type { Curves } from './report/study-plot.ts'
import type { StudyResults } from './report/study-results.ts'
import type { Study } from './study.ts'

export interface StudyFollowOptions {
  readonly printer: ProgressPrinter
  /** Ends the watching, not the study. */
  readonly stop: AbortSignal
}

/** What a plot needs that is in no status. */
export interface StudyArtifacts {
  readonly curves: Curves
  /** Files by the path under the storage that was asked for; one that is not there is left out. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

/** What asking for a study to stand still, or to go on, did. */
export interface SuspensionResult {
  /** `NeCoSweep study`. */
  readonly study: string
  readonly isChanged: boolean
  /** What to type to go on, or what happens now. */
  readonly nextStep: string
}

/** One study where it lives: in an output folder of this machine, or in a cluster. Each throws InputError for what the person who types can put right. */
export interface StudyPlatform {
  /** The study as it stands now. */
  readonly read: () => Promise<Study>
  /** Shows the study until it is at rest, until nobody works on it any more, or until the signal; gives it as it then stands. */
  readonly follow: (followOptions: StudyFollowOptions) => Promise<Study>
  /** Curves of the runs, and files under the storage. */
  readonly gather: (study: StudyResults, files: readonly string[]) => Promise<StudyArtifacts>
  /** Where the plot of a study goes when nothing else is said. */
  readonly plotPath: (name: string) => string
  readonly suspend: (isSuspended: boolean) => Promise<SuspensionResult>
  readonly close: () => void
}
