import { type Command, type ParsedArgs, readFlagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { gainLines } from '../report/gain-lines.ts'
import { resultsCsv } from '../report/results-csv.ts'
import { buildResultsDocument, type ResultsDocument } from '../report/results-document.ts'
import { resultsTable } from '../report/results-table.ts'
import { toStudyResults } from '../report/to-study-results.ts'
import type { Shell } from '../shell.ts'
import { PLATFORM_FLAGS, STUDY_OPERANDS, withStudyPlatform } from './choose-platform.ts'

const formatTableWithGains = (document: ResultsDocument): string =>
  [resultsTable(document), ...gainLines(document).map((line) => `${line}\n`)].join('')

const FORMATS: Readonly<Record<string, (document: ResultsDocument) => string>> = {
  table: formatTableWithGains,
  json: (document) => `${JSON.stringify(document, null, 2)}\n`,
  csv: resultsCsv,
}

async function runResults(args: ParsedArgs, shell: Shell) {
  const format = readFlagValue(args, 'format') ?? 'table'
  const write = FORMATS[format]
  if (write === undefined) {
    const known = Object.keys(FORMATS).join(', ')
    throw new InputError([`neco results: unknown format ${format}; one of ${known}`])
  }
  const study = await withStudyPlatform(args, shell, ({ read }) => read())
  shell.write(write(buildResultsDocument(toStudyResults(study))))
  return EXIT.Done
}

export const resultsCommand: Command = {
  name: 'results',
  summary: 'print the results of a study, finished or not',
  operands: STUDY_OPERANDS,
  flags: {
    format: { value: 'table|json|csv', description: 'how they are printed; table when left out' },
    ...PLATFORM_FLAGS,
  },
  notes: [],
  examples: [
    'neco results',
    'neco results --out out/sweep-steepness --format csv',
    'neco results sweep-steepness --context gpu --namespace team',
  ],
  run: runResults,
}
