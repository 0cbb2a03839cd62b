import { type AttemptAddress, buildReportId, buildReportSubject } from '../../contract/bus-names.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import { readSpool } from '../spool.ts'
import type { Storage } from '../storage.ts'
import { spoolMarkPath } from '../storage-layout.ts'
import type { BusLink, BusLog, Sleep } from './bus-link.ts'
import { ensureSpoolMark, writeSpoolMark } from './spool-mark.ts'

export interface ShipperOptions {
  readonly storage: Storage
  /** Folder of the attempt under the storage. */
  readonly folder: string
  readonly address: AttemptAddress
  readonly podUid: string
  readonly link: Pick<BusLink, 'store'>
  readonly sleep: Sleep
  readonly log: Pick<BusLog, 'warn'>
}

/** Brings the reports of one spool to the stream, in order, for as long as it takes. */
export interface Shipper {
  /** Takes lines that are durable in the spool. */
  add(reports: readonly RunReport[]): void
  /** Tries again at once: the link has come up. */
  retry(): void
  /** Reports that are in the spool and not in the stream. */
  unshipped(): number
  /** Resolves when nothing is unshipped, or when the signal aborts. */
  flush(signal: AbortSignal): Promise<void>
  /** Ends after the batch at hand. */
  close(): Promise<void>
}

/** Published together, then waited for. */
const BATCH_SIZE = 64
/** Lines in memory; those beyond are read from the spool again. */
const QUEUE_LIMIT = 4096
const BACKOFF: BackoffLimits = { initialMs: 500, maxMs: 30_000 }

/**
 * Starts to ship a spool from after its mark. The spool itself stays as it is, since the training
 * curve is made of it: the mark beside it says what has been shipped. Throws StorageError.
 */
export async function startShipper(options: ShipperOptions): Promise<Shipper> {
  const { storage, folder, address, podUid } = options
  const acked = await ensureSpoolMark(storage, spoolMarkPath(folder), { address, podUid })
  const spooled = await readSpool(storage, folder)
  const shipper = new SpoolShipper(options, {
    acked,
    written: spooled.at(-1)?.sequence ?? 0,
  })
  shipper.start()
  return shipper
}

/** Holds the loop that ships. */
class SpoolShipper implements Shipper {
  readonly #options: ShipperOptions
  readonly #closing = new AbortController()
  readonly #drainListeners = new Set<() => void>()
  /** Sequence numbers: the last one that the stream has, and the last one in the spool. */
  #acked: number
  #written: number
  #queue: RunReport[] = []
  #shipping: Promise<void> = Promise.resolve()
  #wakeController = new AbortController()
  #hasWarned = false

  constructor(options: ShipperOptions, at: { readonly acked: number; readonly written: number }) {
    this.#options = options
    this.#acked = at.acked
    this.#written = at.written
  }

  start(): void {
    this.#shipping = this.#ship()
  }

  add(reports: readonly RunReport[]): void {
    const next = (this.#queue.at(-1)?.sequence ?? this.#acked) + 1
    const fits = this.#queue.length + reports.length <= QUEUE_LIMIT
    if (fits && reports[0]?.sequence === next) this.#queue.push(...reports)
    this.#written = Math.max(this.#written, reports.at(-1)?.sequence ?? 0)
    this.retry()
  }

  retry(): void {
    this.#wakeController.abort()
  }

  unshipped(): number {
    return Math.max(0, this.#written - this.#acked)
  }

  flush(signal: AbortSignal): Promise<void> {
    if (this.unshipped() === 0 || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drainListeners.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
      this.retry()
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.retry()
    await this.#shipping
  }

  /** A failure is met with a longer pause, never with an end. */
  async #ship(): Promise<void> {
    let failures = 0
    while (!this.#closing.signal.aborted) {
      this.#wakeController = new AbortController()
      if (this.unshipped() === 0) {
        this.#notifyDrained()
        await waitForAbort(this.#wakeController.signal)
      } else if (await this.#shipSome()) {
        failures = 0
      } else {
        failures++
        await this.#options.sleep(computeBackoffMs(BACKOFF, failures), this.#wakeController.signal)
      }
    }
  }

  #notifyDrained(): void {
    for (const notify of this.#drainListeners) notify()
    this.#drainListeners.clear()
  }

  /** Whether a whole batch has arrived. */
  async #shipSome(): Promise<boolean> {
    const { folder, log } = this.#options
    try {
      if (this.#queue.length === 0) await this.#refill()
      const before = this.#acked
      const isComplete = await this.#shipBatch()
      if (this.#acked > before) await this.#mark()
      return isComplete
    } catch (error) {
      if (!this.#hasWarned) log.warn('The spool cannot be read or marked', { err: error, folder })
      this.#hasWarned = true
      return false
    }
  }

  async #refill(): Promise<void> {
    const { storage, folder } = this.#options
    const spooled = await readSpool(storage, folder)
    this.#queue = spooled.filter(({ sequence }) => sequence > this.#acked).slice(0, QUEUE_LIMIT)
    // A number that was never written is not waited for.
    if (this.#queue.length === 0) this.#acked = this.#written
  }

  /**
   * Of a batch that arrived in part, all from the first missing report on goes again: the server
   * and every consumer know what they have.
   */
  async #shipBatch(): Promise<boolean> {
    const { address, podUid, link } = this.#options
    const subject = buildReportSubject(address, podUid)
    const batch = this.#queue.slice(0, BATCH_SIZE)
    const stored = await Promise.allSettled(
      batch.map((report) =>
        link.store({
          subject,
          data: JSON.stringify(report),
          id: buildReportId(podUid, report.sequence),
        }),
      ),
    )
    const firstMissing = stored.findIndex(({ status }) => status === 'rejected')
    const arrived = firstMissing === -1 ? batch.length : firstMissing
    this.#queue.splice(0, arrived)
    this.#acked = batch[arrived - 1]?.sequence ?? this.#acked
    return firstMissing === -1
  }

  #mark(): Promise<void> {
    const { storage, folder, address, podUid } = this.#options
    return writeSpoolMark(storage, spoolMarkPath(folder), { address, podUid, acked: this.#acked })
  }
}

function waitForAbort(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
