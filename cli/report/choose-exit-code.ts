import { EXIT, type ExitCode } from '../exit-code.ts'
import { decideVerdict, type StudyResults } from './study-results.ts'

const USER_ERROR = 'UserError'

/** 0 when every run succeeded, 2 when all failed since their input is wrong, 1 otherwise. */
export function chooseExitCode({ runs }: StudyResults): ExitCode {
  if (runs.length > 0 && runs.every((run) => decideVerdict(run) === 'Succeeded')) return EXIT.Done
  const isWrong = runs.every(({ status }) =>
    status?.tasks?.some(({ state, cause }) => state === 'Failed' && cause === USER_ERROR),
  )
  return runs.length > 0 && isWrong ? EXIT.InputWrong : EXIT.SomeFailed
}
