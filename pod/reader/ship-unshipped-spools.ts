import type { ReaderConfig, SpoolMark } from '../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildProgressKey,
  buildProgressSubject,
} from '../../contract/bus-names.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import type { BusLink, BusLog, Sleep } from '../bus/bus-link.ts'
import { advanceProgress, buildHeartbeat, NO_PROGRESS } from '../bus/pod-progress.ts'
import { startShipper } from '../bus/ship-spool.ts'
import { readSpoolMark } from '../bus/spool-mark.ts'
import { listAttempts } from '../list-attempts.ts'
import { readSpool } from '../spool.ts'
import type { Storage } from '../storage.ts'
import { parseRunKey, RUNS_FOLDER, spoolMarkPath } from '../storage-layout.ts'

export interface ReaderDependencies {
  readonly storage: Storage
  readonly link: BusLink
  readonly sleep: Sleep
  readonly now: () => Date
  readonly log: BusLog
}

export interface UnshippedSpool {
  readonly folder: string
  readonly mark: SpoolMark
}

export interface ShipSummary {
  readonly spools: number
  /** Reports that did not arrive before the signal. */
  readonly unshipped: number
}

/**
 * The spools that pods of a run wrote to ship, in the folders of these run keys, or of all. Throws
 * StorageError.
 */
async function findSpools(
  storage: Storage,
  { runKeys, bus }: ReaderConfig,
): Promise<readonly UnshippedSpool[]> {
  const keys = runKeys.length > 0 ? runKeys : await storage.list(RUNS_FOLDER)
  const found: UnshippedSpool[] = []
  for (const key of keys) {
    for (const folder of await listAttempts(storage, key)) {
      const mark = await readSpoolMark(storage, spoolMarkPath(folder))
      // Runs with equal settings share a folder: each has its own reader.
      if (mark?.runUid !== bus.runUid || mark.namespace !== bus.namespace) continue
      found.push({ folder, mark })
    }
  }
  return found
}

/**
 * Ships what the pods of a run could not, and sends the final heartbeat of each. Their pods must
 * have ended. Throws StorageError.
 */
export async function shipUnshippedSpools(
  config: ReaderConfig,
  dependencies: ReaderDependencies,
  signal: AbortSignal,
): Promise<ShipSummary> {
  const spools = await findSpools(dependencies.storage, config)
  let unshipped = 0
  for (const spool of spools) unshipped += await shipUnshippedSpool(spool, dependencies, signal)
  return { spools: spools.length, unshipped }
}

async function shipUnshippedSpool(
  spool: UnshippedSpool,
  dependencies: ReaderDependencies,
  signal: AbortSignal,
): Promise<number> {
  const { storage, link, sleep, log } = dependencies
  const { namespace, runUid, task, attempt, podUid } = spool.mark
  const address: AttemptAddress = { namespace, runUid, task, attempt }
  const shipper = await startShipper({
    storage,
    folder: spool.folder,
    address,
    podUid,
    link,
    sleep,
    log,
  })
  link.onConnected(() => shipper.retry())
  const before = shipper.unshipped()
  try {
    await shipper.flush(signal)
    const remaining = shipper.unshipped()
    log.info('Shipped a spool', {
      folder: spool.folder,
      shipped: before - remaining,
      unshipped: remaining,
    })
    if (remaining > 0) return remaining
    // With nothing to ship, nothing has waited for the connection yet.
    await waitForConnection(link, signal)
    await publishFinalHeartbeat(spool, address, dependencies)
    return 0
  } finally {
    await shipper.close()
  }
}

/** Resolves when the link is connected, or the signal aborts. */
const waitForConnection = (link: BusLink, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
    link.onConnected(resolve)
  })

/** The heartbeat that the pod would have ended with. */
async function publishFinalHeartbeat(
  { folder, mark }: UnshippedSpool,
  address: AttemptAddress,
  { storage, link, now }: ReaderDependencies,
): Promise<void> {
  const reports = await readSpool(storage, folder)
  const last = reports.at(-1)
  if (last === undefined) return
  const runKey = parseRunKey(folder)
  const progress = {
    ...reports.reduce<ReturnType<typeof advanceProgress>>(advanceProgress, NO_PROGRESS),
    ...omitUndefined({ runKey }),
  }
  const identity = { run: last.run, attempt: mark.attempt, podUid: mark.podUid }
  const checkpoint = undefined
  const heartbeat = buildHeartbeat({
    identity,
    progress,
    checkpoint,
    unshipped: 0,
    hasEnded: true,
    now: now(),
  })
  await link.store({
    subject: buildProgressSubject(buildProgressKey(address)),
    data: JSON.stringify(heartbeat),
  })
}
