import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { folderStorage } from '../../pod/folder-storage.ts'
import type { ParsedArgs } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { InputError } from '../input-error.ts'
import { computeInputFingerprint } from '../local/input-fingerprint.ts'
import { readJobWarnings } from '../local/job-warnings.ts'
import { type LocalPlatform, openLocalPlatform } from '../local/local-platform.ts'
import { buildOutputPaths, JOURNAL, type OutputPaths } from '../local/output-folder.ts'
import { lockOutput } from '../local/output-lock.ts'
import { prepareStudy, type StudyStartState } from '../local/prepare-study.ts'
import { createProgressTracker } from '../local/progress-tracker.ts'
import { readCurrentStudy, runStudy, type StudyRunEnd } from '../local/run-study.ts'
import { type RunOptions, readRunOptions } from '../manifest/run-options.ts'
import { createProgressPrinter, type ProgressPrinter } from '../progress/progress-printer.ts'
import { chooseExitCode } from '../report/choose-exit-code.ts'
import { formatClosingText } from '../report/closing-text.ts'
import { listInputErrors } from '../report/list-input-errors.ts'
import { toStudyResults } from '../report/to-study-results.ts'
import { writeReport } from '../report/write-report.ts'
import type { Shell } from '../shell.ts'

const POLL_INTERVAL_MS = 250
/** The only event that is printed at once; the table shows how runs ended. */
const ATTEMPT_FAILED = 'AttemptFailed'

const START_MESSAGES: Readonly<Record<StudyStartState, string | undefined>> = {
  New: undefined,
  Continued: 'resuming where the last run of this command stopped',
  Complete: undefined,
  Remade: 'settings or files changed, or runs failed: results are reused where their keys match',
}

async function clearOutput({ storage, state, jobs }: OutputPaths): Promise<void> {
  for (const path of [storage, jobs, join(state, JOURNAL)]) {
    await rm(path, { recursive: true, force: true })
  }
}

interface LocalRunContext {
  readonly options: RunOptions
  readonly shell: Shell
  readonly paths: OutputPaths
  readonly printer: ProgressPrinter
}

const openPlatformForRun = ({
  options,
  shell,
  paths,
  printer,
}: LocalRunContext): Promise<LocalPlatform> =>
  openLocalPlatform({
    paths,
    volumes: options.volumes,
    programs: shell.programs,
    environment: shell.environment,
    now: shell.now,
    onEvent: ({ key, reason, message }) => {
      if (reason === ATTEMPT_FAILED) printer.printLine(`${key.name}: ${message}`)
    },
  })

async function runUntilSettled(
  { options, shell, paths, printer }: LocalRunContext,
  platform: LocalPlatform,
): Promise<StudyRunEnd> {
  const jobs = () => platform.jobs.records()
  const measure = createProgressTracker({
    jobs,
    storage: folderStorage(paths.storage),
    now: shell.now,
  })
  const runEnd = await runStudy({
    platform,
    manifest: options.manifest,
    onInterrupt: shell.onInterrupt,
    pollIntervalMs: POLL_INTERVAL_MS,
    onPoll: async (study) => printer.update(await measure(study)),
    log: printer.printLine,
  })
  printer.finish(await measure(await readCurrentStudy(platform, options.manifest)))
  return runEnd
}

/**
 * Writes and prints the results. Throws InputError, and writes nothing, where all runs failed by
 * their input.
 */
async function finishRun(
  { options, shell, paths }: LocalRunContext,
  platform: LocalPlatform,
): Promise<ExitCode> {
  const results = toStudyResults(await readCurrentStudy(platform, options.manifest))
  const code = chooseExitCode(results)
  if (code === EXIT.InputWrong) {
    throw new InputError(listInputErrors(results, { file: options.file, fields: options.inputs }))
  }
  const { document, files } = await writeReport(results, {
    root: paths.root,
    output: folderStorage(paths.root),
    storage: folderStorage(paths.storage),
  })
  const warnings = await readJobWarnings(paths.jobs, platform.jobs.records())
  shell.write(formatClosingText(results, { document, files, warnings }))
  return code
}

async function runLocked(context: LocalRunContext): Promise<ExitCode> {
  const { options, shell, paths, printer } = context
  if (options.isFresh) await clearOutput(paths)
  const platform = await openPlatformForRun(context)
  const inputs = await computeInputFingerprint(options.inputs.map(({ path }) => path))
  const startState = await prepareStudy(platform, options.manifest, { inputs, folder: paths.root })
  const startMessage = START_MESSAGES[startState]
  if (startMessage !== undefined) printer.printLine(startMessage)
  const runEnd = startState === 'Complete' ? 'Ended' : await runUntilSettled(context, platform)
  if (runEnd === 'Interrupted') {
    shell.write(`interrupted; resume with: ${options.rerunCommand}\n`)
    return EXIT.Interrupted
  }
  return finishRun(context, platform)
}

/** Runs a manifest on this machine until it is settled. Throws InputError. */
export async function runLocally(args: ParsedArgs, shell: Shell): Promise<ExitCode> {
  const options = await readRunOptions(args, shell.cwd)
  const paths = buildOutputPaths(options.out)
  const lock = await lockOutput({ folder: paths.state, pid: shell.pid, nowMs: shell.now() })
  try {
    return await runLocked({ options, shell, paths, printer: createProgressPrinter(shell) })
  } finally {
    await lock.release()
  }
}
