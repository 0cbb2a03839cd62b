import { resolve } from 'node:path'
import { folderStorage } from '../../pod/folder-storage.ts'
import { BUS_FLAGS } from '../cluster/cluster-flags.ts'
import { type Call, type Command, flagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { bestRun } from '../report/best-run.ts'
import type { StudyOutcome } from '../report/outcome.ts'
import { resultsDocument } from '../report/results-document.ts'
import { studyOutcome } from '../report/study-outcome.ts'
import { studyPlot } from '../report/study-plot.ts'
import { withLine } from '../report/write-report.ts'
import type { Shell } from '../shell.ts'
import type { Gathered, StudyHome } from '../study-home.ts'
import { HOME_FLAGS, STUDY_OPERANDS, withHome } from './chosen-home.ts'

interface Figure extends Gathered {
  readonly path: string
  readonly study: StudyOutcome
}

async function writeFigure({ path, study, files }: Figure, { now }: Shell): Promise<void> {
  const best = bestRun(study)
  const png = best && files.get(best.figure)
  if (best === undefined || png === undefined) {
    throw new InputError([`${study.name}: no run that succeeded has pictures yet`])
  }
  await folderStorage('', now).writeAtomic(path, await withLine(png, best.words))
}

async function draw(call: Call, shell: Shell, home: StudyHome) {
  const study = studyOutcome(await home.read())
  const figure = flagValue(call, 'figure')
  const wanted = figure === undefined ? undefined : bestRun(study)?.figure
  const gathered = await home.gather(study, wanted === undefined ? [] : [wanted])
  const given = flagValue(call, 'file')
  const path = given === undefined ? home.plotPath(study.name) : resolve(shell.cwd, given)
  const svg = studyPlot(resultsDocument(study), gathered.curves)
  await folderStorage('', shell.now).writeAtomic(path, svg)
  shell.write(`${path}\n`)
  if (figure !== undefined) {
    const figurePath = resolve(shell.cwd, figure)
    await writeFigure({ path: figurePath, study, ...gathered }, shell)
    shell.write(`${figurePath}\n`)
  }
  return EXIT.Done
}

export const plotCommand: Command = {
  name: 'plot',
  summary: 'draw the training curves and mIoU of a study as SVG, finished or not',
  operands: STUDY_OPERANDS,
  flags: {
    file: {
      value: 'FILE',
      description:
        'where the SVG goes; curves.svg in the output folder, or NAME-curves.svg here, when left out',
    },
    figure: { value: 'FILE', description: 'write the pictures of the best run here, as PNG' },
    ...HOME_FLAGS,
    ...BUS_FLAGS,
  },
  notes: [
    'In a cluster a Job NAME-reader-… reads curves and pictures from the storage, prints them to its',
    'log and is deleted; with --nats-url (or NECO_NATS_URL, _CREDS, _CA) curves come from JetStream.',
  ],
  examples: [
    'neco plot',
    'neco plot --out out/sweep-steepness --file steepness.svg',
    'neco plot sweep-steepness --context gpu --figure pictures.png',
  ],
  perform: (call, shell) => withHome(call, shell, (home) => draw(call, shell, home)),
}
