import type { ReaderConfig, SpoolMark } from '../../crds/bus-messages.ts'
import { type AttemptAddress, progressKey, progressSubject } from '../../crds/bus-names.ts'
import type { BusLink, BusLog, Sleep } from '../bus/bus-link.ts'
import { heartbeatOf, NO_PROGRESS, progressAfter } from '../bus/pod-progress.ts'
import { startShipper } from '../bus/ship-spool.ts'
import { readSpoolMark } from '../bus/spool-mark.ts'
import { readSpool } from '../spool.ts'
import type { Storage } from '../storage.ts'
import {
  attemptsFolder,
  RUNS_FOLDER,
  runKeyOf,
  spoolMarkPath,
  spoolPath,
} from '../storage-layout.ts'

export interface ReaderWorld {
  readonly storage: Storage
  readonly link: BusLink
  readonly sleep: Sleep
  readonly now: () => Date
  readonly log: BusLog
}

export interface Leftover {
  readonly folder: string
  readonly mark: SpoolMark
}

export interface Shipped {
  readonly spools: number
  /** Reports that did not arrive before the signal. */
  readonly unshipped: number
}

/** The spools that pods of a run wrote to ship, in the folders of these run keys, or of all. Throws StorageError. */
async function findSpools(
  storage: Storage,
  { runKeys, bus }: ReaderConfig,
): Promise<readonly Leftover[]> {
  const keys = runKeys.length > 0 ? runKeys : await storage.list(RUNS_FOLDER)
  const found: Leftover[] = []
  for (const key of keys) {
    for (const name of await storage.list(attemptsFolder(key))) {
      const folder = `${attemptsFolder(key)}/${name}`
      const mark = await readSpoolMark(storage, spoolMarkPath(folder))
      // Runs with equal settings share a folder: each has its own reader.
      if (mark?.runUid !== bus.runUid || mark.namespace !== bus.namespace) continue
      found.push({ folder, mark })
    }
  }
  return found
}

/** Ships what the pods of a run could not, and says for each that it has said all. Their pods must have ended. Throws StorageError. */
export async function shipLeftovers(
  config: ReaderConfig,
  world: ReaderWorld,
  signal: AbortSignal,
): Promise<Shipped> {
  const spools = await findSpools(world.storage, config)
  let unshipped = 0
  for (const spool of spools) unshipped += await shipOne(spool, world, signal)
  return { spools: spools.length, unshipped }
}

async function shipOne(spool: Leftover, world: ReaderWorld, signal: AbortSignal): Promise<number> {
  const { storage, link, sleep, log } = world
  const { namespace, runUid, work, attempt, podUid } = spool.mark
  const address: AttemptAddress = { namespace, runUid, work, attempt }
  const shipper = await startShipper({
    storage,
    folder: spool.folder,
    address,
    podUid,
    link,
    sleep,
    log,
  })
  link.onUp(() => shipper.retry())
  const before = shipper.unshipped()
  try {
    await shipper.flush(signal)
    const left = shipper.unshipped()
    log.info('Shipped a spool', { folder: spool.folder, shipped: before - left, unshipped: left })
    if (left === 0) await sayAll(spool, address, world)
    return left
  } finally {
    await shipper.close()
  }
}

/** The heartbeat that the pod would have ended with. */
async function sayAll(
  { folder, mark }: Leftover,
  address: AttemptAddress,
  { storage, link, now }: ReaderWorld,
): Promise<void> {
  const reports = await readSpool(storage, spoolPath(folder))
  const last = reports.at(-1)
  if (last === undefined) return
  const runKey = runKeyOf(folder)
  const progress = {
    ...reports.reduce<ReturnType<typeof progressAfter>>(progressAfter, NO_PROGRESS),
    ...(runKey === undefined ? {} : { runKey }),
  }
  const identity = { run: last.run, attempt: mark.attempt, podUid: mark.podUid }
  const checkpoint = undefined
  const beat = heartbeatOf({
    identity,
    progress,
    checkpoint,
    unshipped: 0,
    hasEnded: true,
    now: now(),
  })
  await link.store({ subject: progressSubject(progressKey(address)), data: JSON.stringify(beat) })
}
