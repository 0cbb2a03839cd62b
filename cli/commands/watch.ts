import type { Command } from '../command.ts'
import { HOME_FLAGS, STUDY_OPERANDS, withHome } from './chosen-home.ts'
import { followToEnd } from './follow-to-end.ts'

const STUDY_GOES_ON = 'the watching has ended, the study has not\n'

export const watchCommand: Command = {
  name: 'watch',
  summary: 'follow a study that another neco, or a cluster, runs, without touching it',
  operands: STUDY_OPERANDS,
  flags: HOME_FLAGS,
  notes: ['Ctrl-C ends the watching, not the study.'],
  examples: [
    'neco watch --out out/sweep-steepness',
    'neco watch sweep-steepness --context gpu --namespace team',
  ],
  perform: (call, shell) =>
    withHome(call, shell, (home) => followToEnd(home, shell, STUDY_GOES_ON)),
}
