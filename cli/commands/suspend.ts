import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import type { SuspensionResult } from '../study-platform.ts'
import { PLATFORM_FLAGS, STUDY_OPERANDS, withStudyPlatform } from './choose-platform.ts'

interface SuspendCommandOptions {
  readonly name: string
  readonly summary: string
  readonly isSuspended: boolean
  readonly note: string
  readonly formatResult: (suspension: SuspensionResult) => string
}

const formatSuspended = ({ study, isChanged, nextStep: next }: SuspensionResult): string =>
  `${study}: ${isChanged ? 'suspended' : 'was suspended already'}; ${next}\n`

const buildSuspendCommand = ({
  name,
  summary,
  isSuspended,
  note,
  formatResult,
}: SuspendCommandOptions): Command => ({
  name,
  summary,
  operands: STUDY_OPERANDS,
  flags: PLATFORM_FLAGS,
  notes: [note],
  examples: [
    `neco ${name} sweep-steepness --context gpu --namespace team`,
    `neco ${name} --out out/sweep-steepness`,
  ],
  run: async (args, shell) => {
    shell.write(
      formatResult(
        await withStudyPlatform(args, shell, (platform) => platform.suspend(isSuspended)),
      ),
    )
    return EXIT.Done
  },
})

export const suspendCommand = buildSuspendCommand({
  name: 'suspend',
  summary: 'pause a study: no run starts, live ones write a checkpoint and end',
  isSuspended: true,
  note: 'Nothing is lost: neco resume continues from the checkpoints. Deadlines are paused too.',
  formatResult: formatSuspended,
})

export const resumeCommand = buildSuspendCommand({
  name: 'resume',
  summary: 'resume a suspended study',
  isSuspended: false,
  note: 'Runs continue from their last checkpoints.',
  formatResult: ({ study, isChanged, nextStep: next }) =>
    `${study}: ${isChanged ? 'resumed' : 'was not suspended'}; ${next}\n`,
})

export const stopCommand = buildSuspendCommand({
  name: 'stop',
  summary: 'stop the pods of a study gracefully; the same as suspend',
  isSuspended: true,
  note: 'The study and its results remain; kubectl delete removes them, but never the files on the storage.',
  formatResult: formatSuspended,
})
