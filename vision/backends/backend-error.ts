export type BackendErrorCode = 'BackendUnavailable' | 'KernelWorkerFailed' | 'TensorMemoryExhausted'

/** A failure of the machinery below the tensors; not of the numbers in them. */
export class BackendError extends Error {
  readonly code: BackendErrorCode

  constructor(code: BackendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'BackendError'
    this.code = code
  }
}
