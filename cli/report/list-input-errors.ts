import type { InputField } from '../manifest/check-inputs.ts'
import { formatFailure, type StudyResults } from './study-results.ts'

/** `UserError: ` in front of what a pod said. */
const stripCause = (failure: string): string => failure.replace(/^[A-Za-z]+: /, '')

/** The field whose file or folder a message speaks of, the longest path first. */
function findFieldPrefix(message: string, fields: readonly InputField[]): string {
  const named = fields
    .filter(({ path }) => message.includes(path))
    .sort((a, b) => b.path.length - a.path.length)[0]
  return named === undefined ? '' : `${named.field}: `
}

/** What is wrong with the input of a study of which every run failed by it: each thing once, with file and field. */
export function listInputErrors(
  { runs }: StudyResults,
  { file, fields }: { readonly file: string; readonly fields: readonly InputField[] },
): readonly string[] {
  const messages = runs.map((run) => stripCause(formatFailure(run)))
  return [...new Set(messages)].map(
    (message) => `${file}: ${findFieldPrefix(message, fields)}${message}`,
  )
}
