import type { InputField } from '../manifest/check-inputs.ts'
import { formatFailure, type StudyResults } from './study-results.ts'

/** Removes the cause, such as `UserError: `, from the message of a pod. */
const stripCause = (failure: string): string => failure.replace(/^[A-Za-z]+: /, '')

/** The field whose file or folder a message contains, the longest path first. */
function findFieldPrefix(message: string, fields: readonly InputField[]): string {
  const named = fields
    .filter(({ path }) => message.includes(path))
    .sort((a, b) => b.path.length - a.path.length)[0]
  return named === undefined ? '' : `${named.field}: `
}

/**
 * The input errors of a study whose runs all failed by their input: each once, with file and field.
 */
export function listInputErrors(
  { runs }: StudyResults,
  { file, fields }: { readonly file: string; readonly fields: readonly InputField[] },
): readonly string[] {
  const messages = runs.map((run) => stripCause(formatFailure(run)))
  return [...new Set(messages)].map(
    (message) => `${file}: ${findFieldPrefix(message, fields)}${message}`,
  )
}
