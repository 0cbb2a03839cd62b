import { conditionOf } from '../../operator/core/conditions.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { makePainter } from '../progress/painter.ts'
import { closingText } from '../report/closing-text.ts'
import { resultsDocument } from '../report/results-document.ts'
import { studyExit } from '../report/study-exit.ts'
import { type Study, studyOutcome } from '../report/study-outcome.ts'
import { studyObject, studyTitle } from '../report/study-title.ts'
import type { Shell } from '../shell.ts'
import type { StudyHome } from '../study-home.ts'

/** Throws InputError where the study will never run, with what the operator says of it. */
function refuseUnaccepted(study: Study): void {
  const accepted = conditionOf(studyObject(study).status?.conditions, 'Accepted')
  if (accepted?.status !== 'False') return
  throw new InputError([
    `${studyTitle(study)} is not accepted: ${accepted.reason}: ${accepted.message}`,
  ])
}

/** Shows a study until it is at rest and prints its table; at Ctrl-C says `interrupted` and leaves it alone; a second one ends the process. */
export async function followToEnd(
  home: StudyHome,
  shell: Shell,
  interrupted: string,
): Promise<ExitCode> {
  const stop = new AbortController()
  const stopListening = shell.onInterrupt(() => {
    stop.abort()
    stopListening()
  })
  try {
    const study = await home.follow({ painter: makePainter(shell), stop: stop.signal })
    if (stop.signal.aborted) {
      shell.write(interrupted)
      return EXIT.Interrupted
    }
    refuseUnaccepted(study)
    if (studyObject(study).spec.suspend === true) shell.write(`${studyTitle(study)} is suspended\n`)
    const outcome = studyOutcome(study)
    const document = resultsDocument(outcome)
    shell.write(closingText(outcome, { document, files: [], warnings: [] }))
    return studyExit(outcome)
  } finally {
    stopListening()
  }
}
