import { EXIT, type ExitCode } from '../exit-code.ts'
import { type StudyOutcome, verdictOf } from './outcome.ts'

const WRONG_INPUT = 'UserError'

/** 0 when every run succeeded, 2 when all failed since their input is wrong, 1 otherwise. */
export function studyExit({ runs }: StudyOutcome): ExitCode {
  if (runs.length > 0 && runs.every((run) => verdictOf(run) === 'Succeeded')) return EXIT.Done
  const isWrong = runs.every(({ status }) =>
    status?.work?.some(({ state, cause }) => state === 'Failed' && cause === WRONG_INPUT),
  )
  return runs.length > 0 && isWrong ? EXIT.InputWrong : EXIT.SomeFailed
}
