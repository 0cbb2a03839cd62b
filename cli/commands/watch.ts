import { setTimeout } from 'node:timers/promises'
import type { Call, Command } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { outputPaths } from '../local/output-folder.ts'
import { lockHolder } from '../local/output-lock.ts'
import { type FoundStudy, readStudy } from '../local/read-study.ts'
import { isAtRest } from '../local/run-study.ts'
import { followProgress } from '../progress/follow-progress.ts'
import { makePainter } from '../progress/painter.ts'
import { resultsDocument } from '../report/results-document.ts'
import { resultsTable } from '../report/results-table.ts'
import { studyExit } from '../report/study-exit.ts'
import { studyOutcome } from '../report/study-outcome.ts'
import type { Shell } from '../shell.ts'
import { chosenOutput, outFlag } from './chosen-output.ts'

const LOOK_EVERY_MS = 500

/** Shows the study until it is at rest, until nobody works on it any more, or until Ctrl-C. */
async function follow(root: string, shell: Shell, stop: AbortSignal): Promise<FoundStudy> {
  const { state, storage } = outputPaths(root)
  const painter = makePainter(shell)
  let found = await readStudy(root, shell.now)
  const measure = followProgress({ jobs: () => found.jobs, storage, now: shell.now })
  while (!stop.aborted && !isAtRest(found.study)) {
    painter.show(await measure(found.study))
    if ((await lockHolder(state)) === undefined) {
      painter.say(`nobody works on ${root}; neco run goes on with it`)
      break
    }
    await setTimeout(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined)
    found = await readStudy(root, shell.now)
  }
  painter.end(await measure(found.study))
  return found
}

async function perform(call: Call, shell: Shell): Promise<ExitCode> {
  const root = await chosenOutput(call, shell)
  const stop = new AbortController()
  const stopListening = shell.onInterrupt(() => stop.abort())
  try {
    const { study } = await follow(root, shell, stop.signal)
    if (stop.signal.aborted) return EXIT.Interrupted
    const outcome = studyOutcome(study)
    shell.write(`\n${resultsTable(resultsDocument(outcome))}`)
    return studyExit(outcome)
  } finally {
    stopListening()
  }
}

export const watchCommand: Command = {
  name: 'watch',
  summary: 'follow a study that another neco runs, without touching it',
  operands: [],
  flags: { out: outFlag },
  notes: ['Ctrl-C ends the watching, not the study.'],
  examples: ['neco watch --out out/sweep-steepness'],
  perform,
}
