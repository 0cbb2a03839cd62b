import { resolve } from 'node:path'
import { folderStorage } from '../../pod/folder-storage.ts'
import { BUS_FLAGS } from '../cluster/cluster-flags.ts'
import { type Command, type ParsedArgs, readFlagValue } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { findBestRun } from '../report/best-run.ts'
import { buildResultsDocument } from '../report/results-document.ts'
import { drawStudyPlot } from '../report/study-plot.ts'
import type { StudyResults } from '../report/study-results.ts'
import { toStudyResults } from '../report/to-study-results.ts'
import { addCaption } from '../report/write-report.ts'
import type { Shell } from '../shell.ts'
import type { StudyArtifacts, StudyPlatform } from '../study-platform.ts'
import { PLATFORM_FLAGS, STUDY_OPERANDS, withStudyPlatform } from './choose-platform.ts'

interface FigureFile extends StudyArtifacts {
  readonly path: string
  readonly study: StudyResults
}

async function writeFigure({ path, study, files }: FigureFile): Promise<void> {
  const best = findBestRun(study)
  const png = best && files.get(best.figure)
  if (best === undefined || png === undefined) {
    throw new InputError([`${study.name}: no run that succeeded has pictures yet`])
  }
  await folderStorage('').put(path, await addCaption(png, best.caption))
}

async function plotStudy(args: ParsedArgs, shell: Shell, platform: StudyPlatform) {
  const study = toStudyResults(await platform.read())
  const figure = readFlagValue(args, 'figure')
  const bestFigure = figure === undefined ? undefined : findBestRun(study)?.figure
  const artifacts = await platform.gather(study, bestFigure === undefined ? [] : [bestFigure])
  const fileFlag = readFlagValue(args, 'file')
  const path = fileFlag === undefined ? platform.plotPath(study.name) : resolve(shell.cwd, fileFlag)
  const svg = drawStudyPlot(buildResultsDocument(study), artifacts.curves)
  await folderStorage('').put(path, svg)
  shell.write(`${path}\n`)
  if (figure !== undefined) {
    const figurePath = resolve(shell.cwd, figure)
    await writeFigure({ path: figurePath, study, ...artifacts })
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
    ...PLATFORM_FLAGS,
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
  run: (args, shell) =>
    withStudyPlatform(args, shell, (platform) => plotStudy(args, shell, platform)),
}
