/**
 * Why an operation on an object failed, in the words of Kubernetes:
 * - NotFound: the object does not exist.
 * - AlreadyExists: an object of that name exists.
 * - NameConflict: an object of that name exists, somebody else owns it, and it will not go by
 *   itself.
 * - Conflict: the object changed since the resourceVersion that was given; read it again.
 * - Invalid: what was written is refused; trying again cannot help, and `causes` name the fields.
 * - Forbidden: the credentials are refused or lack a right.
 * - NamespaceTerminating: nothing can be created in the namespace any more, and what it has will
 *   go.
 * - Expired: the resourceVersion asked for has been compacted; list again.
 * - Unavailable: no answer, or one that says that trying again can help.
 */
export type KubeErrorCode =
  | 'NotFound'
  | 'AlreadyExists'
  | 'NameConflict'
  | 'Conflict'
  | 'Invalid'
  | 'Forbidden'
  | 'NamespaceTerminating'
  | 'Expired'
  | 'Unavailable'

/** What is wrong with one field of what was written; the field as a path, `spec.seed`. */
export interface FieldCause {
  readonly field: string
  readonly message: string
}

/** A failed operation on an object, whatever store keeps it. */
export class KubeError extends Error {
  override readonly name = 'KubeError'
  readonly code: KubeErrorCode
  readonly causes: readonly FieldCause[]

  constructor(
    code: KubeErrorCode,
    message: string,
    options: ErrorOptions & { readonly causes?: readonly FieldCause[] } = {},
  ) {
    super(message, options)
    this.code = code
    this.causes = options.causes ?? []
  }
}

/** Whether an error is a KubeError with this code. */
export const isKubeError = (error: unknown, code: KubeErrorCode): boolean =>
  error instanceof KubeError && error.code === code
