import { findCondition } from '../../operator/core/conditions.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { createProgressPrinter } from '../progress/progress-printer.ts'
import { chooseExitCode } from '../report/choose-exit-code.ts'
import { formatClosingText } from '../report/closing-text.ts'
import { buildResultsDocument } from '../report/results-document.ts'
import { studyObject, studyTitle } from '../report/study-title.ts'
import { toStudyResults } from '../report/to-study-results.ts'
import type { Shell } from '../shell.ts'
import type { Study } from '../study.ts'
import type { StudyPlatform } from '../study-platform.ts'

/** Throws InputError with the operator's message where the study is not accepted. */
function requireAccepted(study: Study): void {
  const accepted = findCondition(studyObject(study).status?.conditions, 'Accepted')
  if (accepted?.status !== 'False') return
  throw new InputError([
    `${studyTitle(study)} is not accepted: ${accepted.reason}: ${accepted.message}`,
  ])
}

/**
 * Shows the progress of a study until it is settled, then prints its table. Ctrl-C prints the given
 * text and leaves the study alone; a second one ends the process.
 */
export async function followToEnd(
  platform: StudyPlatform,
  shell: Shell,
  interruptedText: string,
): Promise<ExitCode> {
  const stop = new AbortController()
  const stopListening = shell.onInterrupt(() => {
    stop.abort()
    stopListening()
  })
  try {
    const study = await platform.follow({
      printer: createProgressPrinter(shell),
      stop: stop.signal,
    })
    if (stop.signal.aborted) {
      shell.write(interruptedText)
      return EXIT.Interrupted
    }
    requireAccepted(study)
    if (studyObject(study).spec.suspend === true) shell.write(`${studyTitle(study)} is suspended\n`)
    const results = toStudyResults(study)
    const document = buildResultsDocument(results)
    shell.write(formatClosingText(results, { document, files: [], warnings: [] }))
    return chooseExitCode(results)
  } finally {
    stopListening()
  }
}
