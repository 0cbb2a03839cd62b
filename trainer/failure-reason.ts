import type { ExitReason } from '../crds/exit-codes.ts'
import { PodFailure } from '../pod/pod-failure.ts'
import { StorageError } from '../pod/storage.ts'
import { BackendError } from '../vision/backends/backend-error.ts'
import { DatasetError } from '../vision/datasets/dataset-error.ts'
import { WeightsError } from '../vision/weights/weights-error.ts'
import { OverlapError } from './core/views/draw-crops.ts'

/** What kind of failure an error is, and its one word for programs. */
export function failureReason(error: unknown): {
  readonly reason: ExitReason
  readonly code: string
} {
  if (error instanceof PodFailure) return { reason: error.reason, code: error.code }
  if (error instanceof StorageError) return { reason: 'Infrastructure', code: error.code }
  if (isUserError(error)) return { reason: 'UserError', code: error.code }
  if (error instanceof BackendError) {
    const isTransient = error.code === 'KernelWorkerFailed'
    return { reason: isTransient ? 'Infrastructure' : 'Infeasible', code: error.code }
  }
  return { reason: 'Unexpected', code: 'Unexpected' }
}

const isUserError = (error: unknown): error is DatasetError | WeightsError | OverlapError =>
  error instanceof DatasetError || error instanceof WeightsError || error instanceof OverlapError
