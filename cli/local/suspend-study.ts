import { randomUUID } from 'node:crypto'
import { RUN_KIND, SWEEP_KIND } from '../../crds/names.ts'
import { InputError } from '../input-error.ts'
import { openJournal } from './journal.ts'
import { openJournalFolder } from './journal-folder.ts'
import { ObjectStore, type StoredObject } from './object-store.ts'
import { buildOutputPaths, JOURNAL } from './output-folder.ts'
import { lockOutput, readLockHolderPid } from './output-lock.ts'

interface SuspendOptions {
  readonly root: string
  readonly isSuspended: boolean
  readonly pid: number
  readonly now: () => number
}

async function requireUnlocked(root: string): Promise<void> {
  const pid = await readLockHolderPid(buildOutputPaths(root).state)
  if (pid === undefined) return
  throw new InputError([
    `${root}: process ${pid} runs it; Ctrl-C there, or kill -INT ${pid}, stops it gracefully: trainers write a checkpoint, and the same neco run resumes it`,
  ])
}

/** A study without `suspend` is not suspended, as in its manifest. */
function setSuspend({ spec, ...object }: StoredObject, isSuspended: boolean): StoredObject {
  const { suspend: _before, ...rest } = spec as { readonly suspend?: boolean }
  return { ...object, spec: isSuspended ? { ...rest, suspend: true } : rest }
}

/**
 * Suspends or resumes the study of an output folder; returns whether that changed anything. Throws
 * InputError while a process runs it.
 */
export async function suspendStudy(options: SuspendOptions): Promise<boolean> {
  const { root, isSuspended, pid, now } = options
  const { state } = buildOutputPaths(root)
  await requireUnlocked(root)
  const lock = await lockOutput({ folder: state, pid, nowMs: now() })
  try {
    const journal = await openJournal(openJournalFolder(state), JOURNAL)
    const store = new ObjectStore({ journal, now, newUid: randomUUID })
    const [study] = [...store.list(SWEEP_KIND), ...store.list(RUN_KIND)]
    if (study === undefined) return false
    const before = (study.spec as { readonly suspend?: boolean }).suspend === true
    if (before !== isSuspended) await store.replace(setSuspend(study, isSuspended))
    return before !== isSuspended
  } finally {
    await lock.release()
  }
}
