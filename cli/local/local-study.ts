import { join, relative } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { folderStorage } from '../../pod/folder-storage.ts'
import { type Storage, StorageError } from '../../pod/storage.ts'
import { followProgress } from '../progress/follow-progress.ts'
import { readCurves } from '../report/read-curves.ts'
import type { Study } from '../report/study-outcome.ts'
import { studyTitle } from '../report/study-title.ts'
import type { Shell } from '../shell.ts'
import type { StudyHome, Suspension, Watching } from '../study-home.ts'
import { outputPaths } from './output-folder.ts'
import { lockHolder } from './output-lock.ts'
import { readStudy } from './read-study.ts'
import { isAtRest } from './run-study.ts'
import { suspendStudy } from './suspend-study.ts'

const LOOK_EVERY_MS = 500

/** Shows the study until it is at rest, until nobody works on it any more, or until the signal. */
async function follow(
  root: string,
  { painter, stop }: Watching,
  { now }: Pick<Shell, 'now'>,
): Promise<Study> {
  const { state, storage } = outputPaths(root)
  let found = await readStudy(root, now)
  const measure = followProgress({ jobs: () => found.jobs, storage, now })
  while (!stop.aborted && !isAtRest(found.study)) {
    painter.show(await measure(found.study))
    if ((await lockHolder(state)) === undefined) {
      painter.say(`nobody works on ${root}; neco run goes on with it`)
      break
    }
    await setTimeout(LOOK_EVERY_MS, undefined, { signal: stop }).catch(() => undefined)
    found = await readStudy(root, now)
  }
  painter.end(await measure(found.study))
  return found.study
}

async function readFiles(
  storage: Storage,
  paths: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>()
  for (const path of paths) {
    try {
      found.set(path, await storage.read(path))
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'NotFound') throw error
    }
  }
  return found
}

async function suspend(root: string, isSuspended: boolean, shell: Shell): Promise<Suspension> {
  const study = await readStudy(root, shell.now).then(({ study: read }) => studyTitle(read))
  const { now, pid } = shell
  const isChanged = await suspendStudy({ root, isSuspended, pid, now })
  const out = relative(shell.cwd, root)
  const next = `neco run FILE --out ${out} goes on with it`
  return { study, isChanged, next }
}

/** The study of an output folder. */
export function localStudy(root: string, shell: Shell): StudyHome {
  return {
    read: async () => (await readStudy(root, shell.now)).study,
    follow: (watching) => follow(root, watching, shell),
    gather: async (study, files) => {
      const storage = folderStorage(outputPaths(root).storage, shell.now)
      const curves = await readCurves(storage, study)
      return { curves, files: await readFiles(storage, files) }
    },
    plotPath: () => join(root, 'curves.svg'),
    suspend: (isSuspended) => suspend(root, isSuspended, shell),
    close: () => undefined,
  }
}
