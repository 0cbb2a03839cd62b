import type { NamedFailure } from '../contract/exit-codes.ts'
import { StorageError } from '../std/files/storage-error.ts'
import { PodFailure } from './pod-failure.ts'

/**
 * What an error is called: failures of pods and storage by themselves, others as the program says;
 * a bug is Unexpected.
 */
export function classifyFailure(
  error: unknown,
  classifyProgramFailure: (error: unknown) => NamedFailure | undefined,
): NamedFailure {
  if (error instanceof PodFailure) return { reason: error.reason, code: error.code }
  if (error instanceof StorageError) return { reason: 'Infrastructure', code: error.code }
  return classifyProgramFailure(error) ?? { reason: 'Unexpected', code: 'Unexpected' }
}
