import type { Command } from '../command.ts'
import { PLATFORM_FLAGS, STUDY_OPERANDS, withStudyPlatform } from './choose-platform.ts'
import { followToEnd } from './follow-to-end.ts'

const INTERRUPTED_TEXT = 'stopped watching; the study continues\n'

export const watchCommand: Command = {
  name: 'watch',
  summary: 'follow a study that another neco, or a cluster, runs, without touching it',
  operands: STUDY_OPERANDS,
  flags: PLATFORM_FLAGS,
  notes: ['Ctrl-C stops watching, not the study.'],
  examples: [
    'neco watch --out out/sweep-steepness',
    'neco watch sweep-steepness --context gpu --namespace team',
  ],
  run: (args, shell) =>
    withStudyPlatform(args, shell, (platform) => followToEnd(platform, shell, INTERRUPTED_TEXT)),
}
