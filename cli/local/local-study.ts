import { join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { folderStorage } from '../../pod/folder-storage.ts'
import type { Storage } from '../../pod/storage.ts'
import { ifExists } from '../../std/files/storage-error.ts'
import { createProgressTracker } from '../progress/progress-tracker.ts'
import { readCurves } from '../report/read-curves.ts'
import { studyTitle } from '../report/study-title.ts'
import type { Study } from '../report/to-study-results.ts'
import type { Shell } from '../shell.ts'
import type { StudyFollowOptions, StudyPlatform, SuspensionResult } from '../study-platform.ts'
import { buildOutputPaths } from './output-folder.ts'
import { readLockHolderPid } from './output-lock.ts'
import { readStudy } from './read-study.ts'
import { isStudySettled } from './run-study.ts'
import { suspendStudy } from './suspend-study.ts'

const POLL_INTERVAL_MS = 500

/** Shows the study until it is at rest, until nobody works on it any more, or until the signal. */
async function followLocalStudy(
  root: string,
  { printer, stop }: StudyFollowOptions,
  { now }: Pick<Shell, 'now'>,
): Promise<Study> {
  const { state, storage } = buildOutputPaths(root)
  let found = await readStudy(root)
  const measure = createProgressTracker({
    jobs: () => found.jobs,
    storage: folderStorage(storage),
    now,
  })
  while (!stop.aborted && !isStudySettled(found.study)) {
    printer.update(await measure(found.study))
    if ((await readLockHolderPid(state)) === undefined) {
      printer.printLine(`nobody works on ${root}; neco run goes on with it`)
      break
    }
    await setTimeout(POLL_INTERVAL_MS, undefined, { signal: stop }).catch(() => undefined)
    found = await readStudy(root)
  }
  printer.finish(await measure(found.study))
  return found.study
}

async function readExistingFiles(
  storage: Storage,
  paths: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const path of paths) {
    const bytes = await ifExists(storage.read(path))
    if (bytes !== undefined) found.set(path, bytes)
  }
  return found
}

async function suspendLocalStudy(
  root: string,
  isSuspended: boolean,
  shell: Shell,
): Promise<SuspensionResult> {
  const study = await readStudy(root).then(({ study: read }) => studyTitle(read))
  const { now, pid } = shell
  const isChanged = await suspendStudy({ root, isSuspended, pid, now })
  const out = relative(shell.cwd, root)
  const next = `neco run FILE --out ${out} goes on with it`
  return { study, isChanged, nextStep: next }
}

/** The study of an output folder. */
export function openLocalStudy(root: string, shell: Shell): StudyPlatform {
  return {
    read: async () => (await readStudy(root)).study,
    follow: (followOptions) => followLocalStudy(root, followOptions, shell),
    gather: async (study, files) => {
      const storage = folderStorage(buildOutputPaths(root).storage)
      const curves = await readCurves(storage, study)
      return { curves, files: await readExistingFiles(storage, files) }
    },
    plotPath: () => join(root, 'curves.svg'),
    suspend: (isSuspended) => suspendLocalStudy(root, isSuspended, shell),
    close: () => undefined,
  }
}
