import {
  type AttemptAddress,
  commandSubject,
  inboxPrefix,
  progressKey,
  progressSubject,
} from '../../crds/bus-names.ts'
import type { BusSettings, PodIdentity } from '../../crds/run-config.ts'
import type { RunReport } from '../../crds/run-report.ts'
import type { CheckpointWishes } from '../checkpoint-wish.ts'
import type { ReportBody } from '../spool.ts'
import type { Storage } from '../storage.ts'
import { runKeyOf } from '../storage-layout.ts'
import { answerCommand } from './answer-command.ts'
import type { BusLink, BusLog, Sleep } from './bus-link.ts'
import { heartbeatOf, NO_PROGRESS, progressAfter } from './pod-progress.ts'
import { type Shipper, startShipper } from './ship-spool.ts'

export interface PodBusOptions {
  readonly identity: PodIdentity
  readonly settings: Pick<BusSettings, 'namespace' | 'runUid' | 'work'>
  readonly link: BusLink
  readonly checkpoints: CheckpointWishes
  /** Whether commands may ask for checkpoints: an evaluator makes none. */
  readonly makesCheckpoints: boolean
  readonly stop: (why: string) => void
  readonly now: () => Date
  readonly sleep: Sleep
  readonly log: Pick<BusLog, 'warn'>
}

/** What a pod says on the bus, and hears. */
export interface PodBus {
  /** Ships a spool from now on; a pod has one. Throws StorageError. */
  shipFrom(storage: Storage, folder: string): Promise<void>
  stepped(body: ReportBody): void
  reported(reports: readonly RunReport[]): void
  /** Tells the operator how far the pod has got; resolves also where nobody hears it. */
  beat(): Promise<void>
  unshipped(): number
  /** Ships what is left until the signal aborts, says the last heartbeat and ends. */
  close(signal: AbortSignal): Promise<void>
}

export const addressOf = (
  { namespace, runUid, work }: PodBusOptions['settings'],
  { attempt }: PodIdentity,
): AttemptAddress => ({ namespace, runUid, work, attempt })

export const linkNames = (address: AttemptAddress, { podUid }: PodIdentity) => ({
  inboxPrefix: inboxPrefix(address),
  name: `neco-${address.work}-${podUid}`,
})

/** Starts to answer commands, and to beat whenever the link comes up. */
export function openPodBus(options: PodBusOptions): PodBus {
  const { identity, link, checkpoints, now, sleep, log } = options
  const address = addressOf(options.settings, identity)
  let shipper: Shipper | undefined
  let progress = NO_PROGRESS
  const unshipped = (): number => shipper?.unshipped() ?? 0
  const beat = async (hasEnded: boolean): Promise<void> => {
    const checkpoint = checkpoints.last()
    const said = { identity, progress, checkpoint, unshipped: unshipped(), hasEnded, now: now() }
    const subject = progressSubject(progressKey(address))
    await link.store({ subject, data: JSON.stringify(heartbeatOf(said)) }).catch(() => undefined)
  }
  void link.serve(commandSubject(address), (text) =>
    answerCommand(text, {
      checkpoints: options.makesCheckpoints ? checkpoints : undefined,
      stop: options.stop,
    }),
  )
  link.onUp(() => {
    shipper?.retry()
    void beat(false)
  })
  return {
    async shipFrom(storage, folder) {
      const { podUid } = identity
      shipper ??= await startShipper({ storage, folder, address, podUid, link, sleep, log })
      const runKey = runKeyOf(folder)
      if (runKey !== undefined) progress = { ...progress, runKey }
    },
    stepped(body) {
      progress = progressAfter(progress, body)
    },
    reported(reports) {
      for (const report of reports) progress = progressAfter(progress, report)
      shipper?.add(reports)
    },
    beat: () => beat(false),
    unshipped,
    async close(signal) {
      await shipper?.flush(signal)
      if (!signal.aborted) await beat(true)
      await shipper?.close()
      await link.close()
    },
  }
}
