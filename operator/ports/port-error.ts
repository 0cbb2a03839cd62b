/**
 * How a port fails:
 * - NotFound: the object is not there.
 * - AlreadyExists: an object of that name is there.
 * - Conflict: the object was changed since the resourceVersion that was given; read it again.
 * - Unavailable: the home cannot be reached now; trying again can help.
 */
export type PortErrorCode = 'NotFound' | 'AlreadyExists' | 'Conflict' | 'Unavailable'

export class PortError extends Error {
  override readonly name = 'PortError'
  readonly code: PortErrorCode

  constructor(code: PortErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Whether an error is a failure of a port with this code. */
export const isPortError = (error: unknown, code: PortErrorCode): boolean =>
  error instanceof PortError && error.code === code
