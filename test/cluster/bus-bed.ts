import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { CommandRequest } from '../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildCommandSubject,
  buildInboxPrefix,
  buildProgressKey,
  buildProgressSubject,
  buildReportId,
  buildReportSubject,
} from '../../contract/bus-names.ts'
import { type NatsBusOptions, openNatsBus } from '../../operator/bus/nats-bus.ts'
import type { Bus, CredentialsRequest } from '../../operator/ports/bus.ts'
import type { Clock } from '../../operator/ports/clock.ts'
import type { PodHandle } from '../../operator/ports/contract/bus-contract.ts'
import type { BusLink, Sleep } from '../../pod/bus/bus-link.ts'
import { openNatsLink } from '../../pod/bus/nats-link.ts'
import { openBedFolder } from './bed/bed-folder.ts'
import { type NatsBed, startNats } from './bed/nats-bed.ts'
import { sharedBed } from './bed/shared-bed.ts'

const DAY_MS = 86_400_000
/** Waits of the bus are this much shorter than in earnest. */
const BRISK = 20

const briskClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs / BRISK)
    return () => clearTimeout(timer)
  },
}

/** Waits of a pod, as short. */
const briskSleep: Sleep = (ms, signal) =>
  after(ms / BRISK, undefined, { signal }).catch(() => undefined)

/** What of the options of a bus its server determines. */
export function busOptions(nats: NatsBed): NatsBusOptions {
  return {
    servers: [nats.url],
    credentialsFile: nats.operatorCredsFile,
    signingKeyFile: nats.accountSigningSeedFile,
    caFile: nats.caFile,
    limits: { replicas: 1, keepReportsMs: 30 * DAY_MS, keepHeartbeatsMs: DAY_MS },
    credentialsValidMs: 30 * DAY_MS,
  }
}

export const openBrisk = (options: NatsBusOptions): Promise<Bus> =>
  openNatsBus(options, { clock: briskClock, log: () => undefined })

/** A NATS server of one's own, the operator's bus on it, and pods. */
export interface BusBed {
  readonly nats: NatsBed
  readonly bus: Bus
  /** A file that holds the credentials the bus makes on request. */
  readonly credentialsFile: (request: CredentialsRequest) => Promise<string>
  /** The link of a pod, with the credentials of its attempt. */
  readonly link: (address: AttemptAddress) => Promise<BusLink>
  readonly pod: (address: AttemptAddress, podUid: string) => Promise<PodHandle>
  readonly close: () => Promise<void>
}

/** Starts a server and a bus on it. */
export async function openBusBed(): Promise<BusBed> {
  const folder = await openBedFolder()
  const program = sharedBed().programs['nats-server']
  const nats = await startNats({ folder, program })
  const bus = await openBrisk(busOptions(nats))
  const links: BusLink[] = []
  const credentialsFile = async (request: CredentialsRequest): Promise<string> => {
    const path = join(folder.path, `${randomUUID()}.creds`)
    const credentials = await bus.issueCredentials(request)
    await writeFile(path, credentials?.text ?? '')
    return path
  }
  const link = async (address: AttemptAddress): Promise<BusLink> => {
    const opened = openNatsLink({
      servers: [nats.url],
      caFile: nats.caFile,
      credentialsFile: await credentialsFile({ kind: 'Pod', ...address }),
      inboxPrefix: buildInboxPrefix(address),
      name: 'pod',
      sleep: briskSleep,
      log: { info: () => undefined, warn: () => undefined },
    })
    links.push(opened)
    await new Promise<void>((resolve) => opened.onConnected(resolve))
    return opened
  }
  return {
    nats,
    bus,
    credentialsFile,
    link,
    pod: async (address, podUid) => handOf(await link(address), address, podUid),
    async close() {
      await Promise.all(links.map((opened) => opened.close()))
      await bus.close()
      await nats.close()
      await folder.remove()
    },
  }
}

function handOf(link: BusLink, address: AttemptAddress, podUid: string): PodHandle {
  return {
    report: (report) =>
      link.store({
        subject: buildReportSubject(address, podUid),
        data: JSON.stringify(report),
        id: buildReportId(podUid, report.sequence),
      }),
    sendHeartbeat: (heartbeat) =>
      link.store({
        subject: buildProgressSubject(buildProgressKey(address)),
        data: JSON.stringify(heartbeat),
      }),
    serve: (answer) =>
      link.serve(buildCommandSubject(address), async (text) =>
        JSON.stringify(answer(CommandRequest.parse(JSON.parse(text)))),
      ),
  }
}
