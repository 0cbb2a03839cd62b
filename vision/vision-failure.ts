import type { NamedFailure } from '../contract/exit-codes.ts'
import { BackendError } from './backends/backend-error.ts'
import { DatasetError } from './datasets/dataset-error.ts'
import { WeightsError } from './weights/weights-error.ts'

/** What a failure of data, weights or backend is called; undefined for any other error. */
export function visionFailure(error: unknown): NamedFailure | undefined {
  if (error instanceof DatasetError || error instanceof WeightsError) {
    return { reason: 'UserError', code: error.code }
  }
  if (!(error instanceof BackendError)) return undefined
  const isTransient = error.code === 'KernelWorkerFailed'
  return { reason: isTransient ? 'Infrastructure' : 'Infeasible', code: error.code }
}
