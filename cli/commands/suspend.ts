import type { Command } from '../command.ts'
import { EXIT } from '../exit-code.ts'
import type { Suspension } from '../study-home.ts'
import { HOME_FLAGS, STUDY_OPERANDS, withHome } from './chosen-home.ts'

interface Wording {
  readonly name: string
  readonly summary: string
  readonly isSuspended: boolean
  readonly note: string
  readonly words: (suspension: Suspension) => string
}

const suspended = ({ study, isChanged, next }: Suspension): string =>
  `${study}: ${isChanged ? 'suspended' : 'was suspended already'}; ${next}\n`

const makeCommand = ({ name, summary, isSuspended, note, words }: Wording): Command => ({
  name,
  summary,
  operands: STUDY_OPERANDS,
  flags: HOME_FLAGS,
  notes: [note],
  examples: [
    `neco ${name} sweep-steepness --context gpu --namespace team`,
    `neco ${name} --out out/sweep-steepness`,
  ],
  perform: async (call, shell) => {
    shell.write(words(await withHome(call, shell, (home) => home.suspend(isSuspended))))
    return EXIT.Done
  },
})

export const suspendCommand = makeCommand({
  name: 'suspend',
  summary: 'let a study stand still: no run starts, live ones write a checkpoint and end',
  isSuspended: true,
  note: 'Nothing is lost: neco resume goes on from the checkpoints. Deadlines stand still too.',
  words: suspended,
})

export const resumeCommand = makeCommand({
  name: 'resume',
  summary: 'let a suspended study go on',
  isSuspended: false,
  note: 'Runs go on from their last checkpoints.',
  words: ({ study, isChanged, next }) =>
    `${study}: ${isChanged ? 'resumed' : 'was not suspended'}; ${next}\n`,
})

export const stopCommand = makeCommand({
  name: 'stop',
  summary: 'end the pods of a study in good order; the same as suspend',
  isSuspended: true,
  note: 'The study and its results stay; kubectl delete removes them, and what is on the storage stays even then.',
  words: suspended,
})
