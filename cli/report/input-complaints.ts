import type { InputField } from '../manifest/check-inputs.ts'
import { failureOf, type StudyOutcome } from './outcome.ts'

/** `UserError: ` in front of what a pod said. */
const withoutCause = (failure: string): string => failure.replace(/^[A-Za-z]+: /, '')

/** The field whose file or folder a message speaks of, the longest path first. */
function fieldIn(message: string, fields: readonly InputField[]): string {
  const named = fields
    .filter(({ path }) => message.includes(path))
    .sort((a, b) => b.path.length - a.path.length)[0]
  return named === undefined ? '' : `${named.field}: `
}

/** What is wrong with the input of a study of which every run failed by it: each thing once, with file and field. */
export function inputComplaints(
  { runs }: StudyOutcome,
  { file, fields }: { readonly file: string; readonly fields: readonly InputField[] },
): readonly string[] {
  const messages = runs.map((run) => withoutCause(failureOf(run)))
  return [...new Set(messages)].map((message) => `${file}: ${fieldIn(message, fields)}${message}`)
}
