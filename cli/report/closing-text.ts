import { gainLines } from './gain-lines.ts'
import type { ResultsDocument } from './results-document.ts'
import { resultsTable } from './results-table.ts'
import type { StudyResults } from './study-results.ts'
import type { ReportFile } from './write-report.ts'

/** The backends that computed the results, and how many results were reused. */
function formatProvenance({ runs }: StudyResults): string[] {
  const backends = new Set(runs.flatMap(({ status }) => status?.backend ?? []))
  const tasks = runs.flatMap(({ status }) => status?.tasks ?? [])
  const reused = tasks.filter((one) => one.reused === true).length
  return [
    ...[...backends].map((backend) => `backend: ${backend}`),
    ...(reused > 0 ? [`${reused} of ${tasks.length} results were found under their keys`] : []),
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

interface ClosingDetails {
  readonly document: ResultsDocument
  readonly files: readonly ReportFile[]
  readonly warnings: readonly string[]
}

/** The text at the end of a study: the table, the paths of the files, and the gains. */
export function formatClosingText(
  study: StudyResults,
  { document, files, warnings }: ClosingDetails,
): string {
  const width = Math.max(...files.map(({ title }) => title.length))
  const lines = [
    ...warningLines(warnings),
    ...formatProvenance(study),
    ...files.map(({ title, path }) => `${title.padEnd(width)}  ${path}`),
    ...gainLines(document),
  ]
  return `\n${resultsTable(document)}\n${lines.map((line) => `${line}\n`).join('')}`
}
