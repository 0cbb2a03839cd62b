/** How a pod ends, and which failure budget pays for it. 0 is success. */
export const EXIT_CODES = {
  Succeeded: 0,
  /** A bug or an error nobody foresaw. */
  Unexpected: 1,
  /** The input is wrong: settings, data, weights. Trying again cannot help. */
  UserError: 2,
  /** It cannot fit this device: out of memory. Trying again on the same device cannot help. */
  Infeasible: 3,
  /** Storage or another service failed. Trying again can help. */
  Infrastructure: 4,
  /** SIGTERM: stopped after a checkpoint; a later attempt resumes. */
  Interrupted: 5,
  /** The loss became NaN or infinite. */
  NotFinite: 6,
  /** No first step within its deadline. */
  FirstStepLate: 7,
  /** No further step within its deadline. */
  Stalled: 8,
} as const

export type ExitReason = keyof typeof EXIT_CODES

/** What a failure is called: which exit code, and one word for programs. */
export interface NamedFailure {
  readonly reason: ExitReason
  readonly code: string
}
