import { expect, test } from 'vitest'
import { StorageError } from '../std/files/storage-error.ts'
import { BackendError } from '../vision/backends/backend-error.ts'
import { DatasetError } from '../vision/datasets/dataset-error.ts'
import { visionFailure } from '../vision/vision-failure.ts'
import { WeightsError } from '../vision/weights/weights-error.ts'
import { classifyFailure } from './classify-failure.ts'
import { PodFailure } from './pod-failure.ts'

const fault = { file: 'a', problem: 'b', remedy: 'c' }

test.each([
  [new DatasetError('DataEmpty', 'no'), 'UserError', 'DataEmpty'],
  [new WeightsError({ ...fault, code: 'WeightsTruncated' }), 'UserError', 'WeightsTruncated'],
  [new StorageError('StorageFull', 'a', undefined), 'Infrastructure', 'StorageFull'],
  [new PodFailure('no', { code: 'X', reason: 'NotFinite' }), 'NotFinite', 'X'],
  [new BackendError('TensorMemoryExhausted', 'no'), 'Infeasible', 'TensorMemoryExhausted'],
  [new BackendError('BackendUnavailable', 'no'), 'Infeasible', 'BackendUnavailable'],
  [new BackendError('KernelWorkerFailed', 'no'), 'Infrastructure', 'KernelWorkerFailed'],
  [new TypeError('a bug'), 'Unexpected', 'Unexpected'],
])('%s is a failure of its kind', (error, reason, code) => {
  expect(classifyFailure(error, visionFailure)).toEqual({ reason, code })
})
