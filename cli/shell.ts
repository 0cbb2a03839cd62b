/**
 * A command's access to its environment: process, clock, terminal. Built in main.ts, faked in
 * tests.
 */
export interface Shell {
  readonly version: string
  /** `neco`, or `kubectl neco` when it is called as a plugin, which always means the cluster. */
  readonly calledAs: 'neco' | 'kubectl neco'
  readonly cwd: string
  readonly homeFolder: string
  /** Passed to the processes of Jobs. */
  readonly environment: Readonly<Record<string, string>>
  /** The files of the programs that Jobs run. */
  readonly programs: Readonly<Record<'trainer' | 'evaluator', string>>
  /** Writes text to standard output; whole lines end in a newline. */
  readonly write: (text: string) => void
  /** Writes text to standard error. */
  readonly writeError: (text: string) => void
  /** Whether standard output is a terminal that redraws lines, and how wide it is. */
  readonly isTerminal: boolean
  readonly columns: number
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly pid: number
  /**
   * Calls back at each Ctrl-C or SIGTERM with their count; returns the function that unsubscribes.
   * Without a listener, one ends the process.
   */
  readonly onInterrupt: (listener: (count: number) => void) => () => void
}
