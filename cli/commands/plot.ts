import { join, resolve } from 'node:path'
import { folderStorage } from '../../pod/folder-storage.ts'
import { type Call, type Command, flagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { outputPaths } from '../local/output-folder.ts'
import { readStudy } from '../local/read-study.ts'
import { readCurves } from '../report/read-curves.ts'
import { resultsDocument } from '../report/results-document.ts'
import { studyOutcome } from '../report/study-outcome.ts'
import { studyPlot } from '../report/study-plot.ts'
import type { Shell } from '../shell.ts'
import { chosenOutput, outFlag } from './chosen-output.ts'

async function perform(call: Call, shell: Shell) {
  const root = await chosenOutput(call, shell)
  const { study } = await readStudy(root, shell.now)
  const outcome = studyOutcome(study)
  const curves = await readCurves(folderStorage(outputPaths(root).storage, shell.now), outcome)
  const given = flagValue(call, 'file')
  const path = given === undefined ? join(root, 'curves.svg') : resolve(shell.cwd, given)
  const svg = studyPlot(resultsDocument(outcome), curves)
  await folderStorage('', shell.now).writeAtomic(path, svg)
  shell.write(`${path}\n`)
  return EXIT.Done
}

export const plotCommand: Command = {
  name: 'plot',
  summary: 'draw the training curves and mIoU of a study as SVG, finished or not',
  operands: [],
  flags: {
    out: outFlag,
    file: {
      value: 'FILE',
      description: 'where the SVG goes; curves.svg in the output folder when left out',
    },
  },
  notes: [],
  examples: ['neco plot', 'neco plot --out out/sweep-steepness --file steepness.svg'],
  perform,
}
