import { randomUUID } from 'node:crypto'
import { RUN_KIND } from '../../crds/names.ts'
import type { Platform } from '../../operator/controllers/platform.ts'
import { NOOP_CHECKPOINT_REQUESTER } from '../../operator/ports/checkpoint-requester.ts'
import type { Events, ObjectEvent } from '../../operator/ports/events.ts'
import { NOOP_RESULT_TABLES } from '../../operator/ports/result-tables.ts'
import { folderStorage } from '../../pod/folder-storage.ts'
import { createShellClock } from '../shell-clock.ts'
import { type Journal, openJournal } from './journal.ts'
import { openJournalFolder } from './journal-folder.ts'
import { ObjectStore } from './object-store.ts'
import { JOURNAL, type OutputPaths } from './output-folder.ts'
import { ProcessJobs } from './process-jobs.ts'
import { openSpoolHints, type SpoolHints } from './spool-hints.ts'
import { openStoredRuns, openStoredSweeps, type StoredSweeps } from './stored-kinds.ts'

/** The platform without a cluster: everything the controllers need, on one machine. */
export interface LocalPlatform extends Platform {
  readonly sweeps: StoredSweeps
  readonly jobs: ProcessJobs
  readonly hints: SpoolHints
  readonly journal: Journal
}

interface LocalPlatformOptions {
  readonly paths: OutputPaths
  /** The folder of each volume by name; '' is the folder of the manifest. */
  readonly volumes: Readonly<Record<string, string>>
  readonly programs: Readonly<Record<'trainer' | 'evaluator', string>>
  readonly environment: Readonly<Record<string, string>>
  readonly now: () => number
  readonly onEvent: (event: ObjectEvent) => void
}

/**
 * Opens the platform of an output folder and ends processes that an earlier `neco` left. The folder
 * must be locked.
 */
export async function openLocalPlatform(options: LocalPlatformOptions): Promise<LocalPlatform> {
  const { paths, volumes, programs, environment, now, onEvent } = options
  const journal = await openJournal(openJournalFolder(paths.state), JOURNAL)
  const store = new ObjectStore({ journal, now, newUid: randomUUID })
  const jobs = new ProcessJobs({
    journal,
    folder: paths.jobs,
    storage: paths.storage,
    volumes,
    programs,
    environment,
    now,
    newUid: randomUUID,
  })
  await jobs.recoverJobs()
  store.watch(({ type, object }) => {
    const { uid } = object.metadata
    if (type === 'Deleted' && object.kind === RUN_KIND && uid !== undefined) jobs.deleteOwnedBy(uid)
  })
  const events: Events = {
    publish: async (event) => onEvent(event),
  }
  return {
    runs: openStoredRuns(store),
    sweeps: openStoredSweeps(store),
    jobs,
    events,
    clock: createShellClock({ now }),
    // Missing files were reported before the study was stored; evaluators would share its cores.
    prerequisites: { findBlockers: async () => [], findEvaluationParallelism: async () => 0 },
    hints: openSpoolHints({ jobs: () => jobs.records(), storage: folderStorage(paths.storage) }),
    checkpointRequester: NOOP_CHECKPOINT_REQUESTER,
    resultTables: NOOP_RESULT_TABLES,
    journal,
  }
}
