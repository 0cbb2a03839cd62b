/**
 * How a port fails:
 * - NotFound: the object is not there.
 * - AlreadyExists: an object of that name is there.
 * - NameConflict: an object of that name is there which is not ours and will not go away by itself.
 * - Conflict: the object was changed since the resourceVersion that was given; read it again.
 * - Invalid: the home refuses what was written; trying again cannot help, and `causes` say which fields.
 * - Forbidden: the operator is not who it should be, or lacks a right.
 * - NamespaceTerminating: nothing can be made in the namespace any more; what is in it will be gone.
 * - Unavailable: the home cannot be reached now; trying again can help.
 */
export type PortErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'NameConflict'
  | 'Conflict'
  | 'Invalid'
  | 'Forbidden'
  | 'NamespaceTerminating'
  | 'Unavailable'

/** What is wrong with one field of what was written. */
export interface FieldCause {
  readonly field: string
  readonly message: string
}

export class PortError extends Error {
  override readonly name = 'PortError'
  readonly code: PortErrorCode
  readonly causes: readonly FieldCause[]

  constructor(
    code: PortErrorCode,
    message: string,
    options: ErrorOptions & { readonly causes?: readonly FieldCause[] } = {},
  ) {
    super(message, options)
    this.code = code
    this.causes = options.causes ?? []
  }
}

/** Whether an error is a failure of a port with this code. */
export const isPortError = (error: unknown, code: PortErrorCode): boolean =>
  error instanceof PortError && error.code === code
