import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { folderStorage } from '../../pod/folder-storage.ts'
import type { Call } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { inputFingerprint } from '../local/input-fingerprint.ts'
import { jobWarnings } from '../local/job-warnings.ts'
import { type LocalHome, openLocalHome } from '../local/local-home.ts'
import { JOURNAL, type OutputPaths, outputPaths } from '../local/output-folder.ts'
import { lockOutput } from '../local/output-lock.ts'
import { type Placed, placeStudy } from '../local/place-study.ts'
import { type Ending, runStudy, studyIn } from '../local/run-study.ts'
import { type RunOrder, readRunOrder } from '../manifest/run-order.ts'
import { followProgress } from '../progress/follow-progress.ts'
import { makePainter, type Painter } from '../progress/painter.ts'
import { closingText } from '../report/closing-text.ts'
import { inputComplaints } from '../report/input-complaints.ts'
import { studyExit } from '../report/study-exit.ts'
import { studyOutcome } from '../report/study-outcome.ts'
import { writeReport } from '../report/write-report.ts'
import type { Shell } from '../shell.ts'

const LOOK_EVERY_MS = 250
/** The one event that is news at once; how runs end is said at the end. */
const ATTEMPT_FAILED = 'AttemptFailed'

const PLACED: Readonly<Record<Placed, string | undefined>> = {
  New: undefined,
  Continued: 'going on where the last run of this command ended',
  Complete: undefined,
  Remade: 'settings or files changed, or runs failed: what is known already is found under its key',
}

async function clear({ storage, state, jobs }: OutputPaths): Promise<void> {
  for (const path of [storage, jobs, join(state, JOURNAL)]) {
    await rm(path, { recursive: true, force: true })
  }
}

interface Work {
  readonly order: RunOrder
  readonly shell: Shell
  readonly paths: OutputPaths
  readonly painter: Painter
}

const openHome = ({ order, shell, paths, painter }: Work): Promise<LocalHome> =>
  openLocalHome({
    paths,
    volumes: order.volumes,
    programs: shell.programs,
    environment: shell.environment,
    now: shell.now,
    onEvent: ({ key, reason, message }) => {
      if (reason === ATTEMPT_FAILED) painter.say(`${key.name}: ${message}`)
    },
  })

async function runToRest({ order, shell, paths, painter }: Work, home: LocalHome): Promise<Ending> {
  const jobs = () => home.jobs.records()
  const measure = followProgress({ jobs, storage: paths.storage, now: shell.now })
  const ending = await runStudy({
    home,
    manifest: order.manifest,
    onInterrupt: shell.onInterrupt,
    lookEveryMs: LOOK_EVERY_MS,
    look: async (study) => painter.show(await measure(study)),
    say: painter.say,
  })
  painter.end(await measure(await studyIn(home, order.manifest)))
  return ending
}

/** Writes and prints the results. Throws InputError, and writes nothing, when every run failed by its input. */
async function conclude({ order, shell, paths }: Work, home: LocalHome): Promise<ExitCode> {
  const outcome = studyOutcome(await studyIn(home, order.manifest))
  const code = studyExit(outcome)
  if (code === EXIT.InputWrong) {
    throw new InputError(inputComplaints(outcome, { file: order.file, fields: order.inputs }))
  }
  const { document, files } = await writeReport(outcome, {
    root: paths.root,
    output: folderStorage(paths.root, shell.now),
    storage: folderStorage(paths.storage, shell.now),
  })
  const warnings = await jobWarnings(paths.jobs, home.jobs.records())
  shell.write(closingText(outcome, { document, files, warnings }))
  return code
}

async function performLocked(work: Work): Promise<ExitCode> {
  const { order, shell, paths, painter } = work
  if (order.isFresh) await clear(paths)
  const home = await openHome(work)
  const inputs = await inputFingerprint(order.inputs.map(({ path }) => path))
  const placed = await placeStudy(home, order.manifest, { inputs, folder: paths.root })
  const words = PLACED[placed]
  if (words !== undefined) painter.say(words)
  const ending = placed === 'Complete' ? 'Ended' : await runToRest(work, home)
  if (ending === 'Interrupted') {
    shell.write(`interrupted; go on with: ${order.again}\n`)
    return EXIT.Interrupted
  }
  return conclude(work, home)
}

/** Runs a manifest on this machine until it is at rest. Throws InputError. */
export async function runHere(call: Call, shell: Shell): Promise<ExitCode> {
  const order = await readRunOrder(call, shell.cwd)
  const paths = outputPaths(order.out)
  const lock = await lockOutput({ folder: paths.state, pid: shell.pid, nowMs: shell.now() })
  try {
    return await performLocked({ order, shell, paths, painter: makePainter(shell) })
  } finally {
    await lock.release()
  }
}
