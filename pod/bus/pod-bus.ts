import {
  type AttemptAddress,
  buildCommandSubject,
  buildInboxPrefix,
  buildProgressKey,
  buildProgressSubject,
} from '../../contract/bus-names.ts'
import type { BusSettings, PodIdentity } from '../../contract/run-config.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { formatTaskKey } from '../../contract/task-address.ts'
import type { CheckpointRequests } from '../checkpoint-request.ts'
import type { ReportBody } from '../spool.ts'
import type { Storage } from '../storage.ts'
import { parseRunKey, spoolMarkPath } from '../storage-layout.ts'
import { answerCommand } from './answer-command.ts'
import type { BusLink, BusLog, Sleep } from './bus-link.ts'
import { advanceProgress, buildHeartbeat, NO_PROGRESS } from './pod-progress.ts'
import { type Shipper, startShipper } from './ship-spool.ts'
import { ensureSpoolMark } from './spool-mark.ts'

export interface PodBusOptions {
  readonly identity: PodIdentity
  readonly settings: Pick<BusSettings, 'namespace' | 'runUid' | 'task'>
  readonly link: BusLink
  readonly checkpoints: CheckpointRequests
  /** Whether commands may ask for checkpoints: an evaluator makes none. */
  readonly makesCheckpoints: boolean
  readonly now: () => Date
  readonly sleep: Sleep
  readonly log: Pick<BusLog, 'warn'>
}

/** What a pod publishes on the bus, and the requests it answers there. */
export interface PodBus {
  /** Ships a spool from now on; a pod has one. Throws StorageError. */
  startShipping(storage: Storage, folder: string): Promise<void>
  stepped(body: ReportBody): void
  reported(reports: readonly RunReport[]): void
  /** Tells the operator how far the pod has got; resolves also where it does not arrive. */
  sendHeartbeat(): Promise<void>
  unshipped(): number
  /** Ships what is left until the signal aborts, sends the last heartbeat and ends. */
  close(signal: AbortSignal): Promise<void>
}

export const buildAttemptAddress = (
  { namespace, runUid, task }: PodBusOptions['settings'],
  { attempt }: PodIdentity,
): AttemptAddress => ({ namespace, runUid, task, attempt })

export const buildLinkNames = (address: AttemptAddress, { podUid }: PodIdentity) => ({
  inboxPrefix: buildInboxPrefix(address),
  name: `neco-${formatTaskKey(address.task)}-${podUid}`,
})

/** Starts to answer commands, and to send a heartbeat whenever the link comes up. */
export function openPodBus(options: PodBusOptions): PodBus {
  const { identity, link, checkpoints, now, sleep, log } = options
  const address = buildAttemptAddress(options.settings, identity)
  let shipper: Shipper | undefined
  let progress = NO_PROGRESS
  const unshipped = (): number => shipper?.unshipped() ?? 0
  const sendHeartbeat = async (hasEnded: boolean): Promise<void> => {
    const checkpoint = checkpoints.last()
    const heartbeatInput = {
      identity,
      progress,
      checkpoint,
      unshipped: unshipped(),
      hasEnded,
      now: now(),
    }
    const subject = buildProgressSubject(buildProgressKey(address))
    await link
      .store({ subject, data: JSON.stringify(buildHeartbeat(heartbeatInput)) })
      .catch(() => undefined)
  }
  void link.serve(buildCommandSubject(address), (text) =>
    answerCommand(text, { checkpoints: options.makesCheckpoints ? checkpoints : undefined }),
  )
  link.onConnected(() => {
    shipper?.retry()
    void sendHeartbeat(false)
  })
  return {
    async startShipping(storage, folder) {
      const { podUid } = identity
      shipper ??= await startShipper({ storage, folder, address, podUid, link, sleep, log })
      const runKey = parseRunKey(folder)
      if (runKey !== undefined) progress = { ...progress, runKey }
    },
    stepped(body) {
      progress = advanceProgress(progress, body)
    },
    reported(reports) {
      for (const report of reports) progress = advanceProgress(progress, report)
      shipper?.add(reports)
    },
    sendHeartbeat: () => sendHeartbeat(false),
    unshipped,
    async close(signal) {
      await shipper?.flush(signal)
      if (!signal.aborted) await sendHeartbeat(true)
      await shipper?.close()
      await link.close()
    },
  }
}

/**
 * The bus of a pod that was given no credentials: its reports stay in its spool, marked so that a
 * reader can ship them when there is a bus again.
 */
export function createNoopBus(address: AttemptAddress, podUid: string): PodBus {
  let unshipped = 0
  return {
    async startShipping(storage, folder) {
      await ensureSpoolMark(storage, spoolMarkPath(folder), { address, podUid })
    },
    stepped: () => undefined,
    reported(reports) {
      unshipped = reports.at(-1)?.sequence ?? unshipped
    },
    sendHeartbeat: () => Promise.resolve(),
    unshipped: () => unshipped,
    close: () => Promise.resolve(),
  }
}
