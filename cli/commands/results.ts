import { type Call, type Command, flagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { gainLines } from '../report/gain-lines.ts'
import { resultsCsv } from '../report/results-csv.ts'
import { type ResultsDocument, resultsDocument } from '../report/results-document.ts'
import { resultsTable } from '../report/results-table.ts'
import { studyOutcome } from '../report/study-outcome.ts'
import type { Shell } from '../shell.ts'
import { HOME_FLAGS, STUDY_OPERANDS, withHome } from './chosen-home.ts'

const tableWithGains = (document: ResultsDocument): string =>
  [resultsTable(document), ...gainLines(document).map((line) => `${line}\n`)].join('')

const FORMATS: Readonly<Record<string, (document: ResultsDocument) => string>> = {
  table: tableWithGains,
  json: (document) => `${JSON.stringify(document, null, 2)}\n`,
  csv: resultsCsv,
}

async function perform(call: Call, shell: Shell) {
  const format = flagValue(call, 'format') ?? 'table'
  const write = FORMATS[format]
  if (write === undefined) {
    const known = Object.keys(FORMATS).join(', ')
    throw new InputError([`neco results: unknown format ${format}; one of ${known}`])
  }
  const study = await withHome(call, shell, ({ read }) => read())
  shell.write(write(resultsDocument(studyOutcome(study))))
  return EXIT.Done
}

export const resultsCommand: Command = {
  name: 'results',
  summary: 'print the results of a study, finished or not',
  operands: STUDY_OPERANDS,
  flags: {
    format: { value: 'table|json|csv', description: 'how they are printed; table when left out' },
    ...HOME_FLAGS,
  },
  notes: [],
  examples: [
    'neco results',
    'neco results --out out/sweep-steepness --format csv',
    'neco results sweep-steepness --context gpu --namespace team',
  ],
  perform,
}
