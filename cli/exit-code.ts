/** How `neco` ends. */
export const EXIT = {
  Done: 0,
  /** Some points failed, or an unexpected error. */
  SomeFailed: 1,
  /** The input is wrong: a flag, a manifest, data, weights, or an output folder in use. */
  InputWrong: 2,
  /** Ctrl-C or SIGTERM: `neco run` has written checkpoints, and the same command resumes. */
  Interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
