import { gainLines } from './gain-lines.ts'
import type { StudyOutcome } from './outcome.ts'
import type { ResultsDocument } from './results-document.ts'
import { resultsTable } from './results-table.ts'
import type { WrittenFile } from './write-report.ts'

/** Who computed, and how much was found under its key instead. */
function provenance({ runs }: StudyOutcome): string[] {
  const backends = new Set(runs.flatMap(({ status }) => status?.backend ?? []))
  const work = runs.flatMap(({ status }) => status?.work ?? [])
  const reused = work.filter((one) => one.reused === true).length
  return [
    ...[...backends].map((backend) => `back end: ${backend}`),
    ...(reused > 0 ? [`${reused} of ${work.length} results were found under their keys`] : []),
  ]
}

/** More warnings than this are counted only. */
const WARNINGS_SHOWN = 10

function warningLines(warnings: readonly string[]): string[] {
  const more = warnings.length - WARNINGS_SHOWN
  return [
    ...warnings.slice(0, WARNINGS_SHOWN).map((warning) => `warning: ${warning}`),
    ...(more > 0 ? [`and ${more} more warnings in the logs`] : []),
  ]
}

interface Closing {
  readonly document: ResultsDocument
  readonly files: readonly WrittenFile[]
  readonly warnings: readonly string[]
}

/** What a person reads when a study has ended: the table, where the files lie, and the gains. */
export function closingText(study: StudyOutcome, { document, files, warnings }: Closing): string {
  const width = Math.max(...files.map(({ title }) => title.length))
  const lines = [
    ...warningLines(warnings),
    ...provenance(study),
    ...files.map(({ title, path }) => `${title.padEnd(width)}  ${path}`),
    ...gainLines(document),
  ]
  return `\n${resultsTable(document)}\n${lines.map((line) => `${line}\n`).join('')}`
}
