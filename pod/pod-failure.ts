import type { ExitReason } from '../contract/exit-codes.ts'

export interface PodFailureOptions {
  /** One word for programs, such as `DataEmpty`. */
  readonly code: string
  /** Which exit code, and so which failure budget. */
  readonly reason: ExitReason
  readonly cause?: unknown
}

/**
 * A failure with a name: what a pod program ends with when it cannot go on. The message says what
 * to do.
 */
export class PodFailure extends Error {
  override readonly name = 'PodFailure'
  readonly code: string
  readonly reason: ExitReason

  constructor(message: string, { code, reason, cause }: PodFailureOptions) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.reason = reason
  }
}
