/** What a command may touch of the world around it; made in main.ts, faked in tests. */
export interface Shell {
  readonly version: string
  /** `neco`, or `kubectl neco` when it is called as a plugin, which always means the cluster. */
  readonly calledAs: 'neco' | 'kubectl neco'
  readonly cwd: string
  readonly homeFolder: string
  /** Handed on to the processes of Jobs. */
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
  /** Calls back at each Ctrl-C or SIGTERM, with how many there have been; returns how to stop listening. While nobody listens, one ends the process. */
  readonly onInterrupt: (listener: (count: number) => void) => () => void
}
