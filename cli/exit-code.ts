/** How `neco` ends. */
export const EXIT = {
  Done: 0,
  /** Some points failed, or something nobody foresaw went wrong. */
  SomeFailed: 1,
  /** The input is wrong: a flag, a manifest, data, weights, or an output folder in use. */
  InputWrong: 2,
  /** Ctrl-C or SIGTERM: a run has written its checkpoints and the same command goes on; anything else just ended. */
  Interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
