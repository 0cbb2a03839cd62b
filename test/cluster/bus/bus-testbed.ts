import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { CommandRequest } from '../../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildCommandSubject,
  buildInboxPrefix,
  buildProgressKey,
  buildProgressSubject,
  buildReportId,
  buildReportSubject,
} from '../../../contract/bus-names.ts'
import type { RunReport } from '../../../contract/run-report.ts'
import { type NatsBusOptions, openNatsBus } from '../../../operator/bus/nats-bus.ts'
import type { Bus, CredentialsRequest } from '../../../operator/ports/bus.ts'
import type { BusLink, Sleep } from '../../../pod/bus/bus-link.ts'
import { openNatsLink } from '../../../pod/bus/nats-link.ts'
import type { Clock } from '../../../std/clock.ts'
import type { PodHandle } from '../../contract/bus-contract.ts'
import { type NatsTestbed, startNatsTestbed } from '../testbed/nats-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder } from '../testbed/testbed-folder.ts'

const DAY_MS = 86_400_000
/** Timeouts of the bus, shorter than in production. */
const TIME_SCALE = 20

const scaledClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs / TIME_SCALE)
    return () => clearTimeout(timer)
  },
}

/** Timeouts of a pod, as short. */
const scaledSleep: Sleep = (ms, signal) =>
  after(ms / TIME_SCALE, undefined, { signal }).catch(() => undefined)

/** The options of a bus that depend on its server. */
export function busOptions(nats: NatsTestbed): NatsBusOptions {
  return {
    servers: [nats.url],
    credentialsFile: nats.operatorCredsFile,
    signingKeyFile: nats.accountSigningSeedFile,
    caFile: nats.caFile,
    limits: { replicas: 1, reportRetentionMs: 30 * DAY_MS, heartbeatRetentionMs: DAY_MS },
    credentialsValidMs: 30 * DAY_MS,
  }
}

export const openScaledBus = (options: NatsBusOptions): Promise<Bus> =>
  openNatsBus(options, { clock: scaledClock, log: () => undefined })

/** A pod that reports, too. */
export interface ReportingPod extends PodHandle {
  /** Resolves when it is stored. */
  readonly report: (report: RunReport) => Promise<void>
}

/** A NATS server of its own, the operator's bus on it, and pods. */
export interface BusTestbed {
  readonly nats: NatsTestbed
  readonly bus: Bus
  /** Writes credentials that the bus issues to a file. */
  readonly credentialsFile: (request: CredentialsRequest) => Promise<string>
  /** Opens the link of a pod, with the credentials of its attempt. */
  readonly link: (address: AttemptAddress) => Promise<BusLink>
  readonly pod: (address: AttemptAddress, podUid: string) => Promise<ReportingPod>
  readonly close: () => Promise<void>
}

/** Starts a server and a bus on it. */
export async function openBusTestbed(): Promise<BusTestbed> {
  const folder = await openTestbedFolder()
  const program = sharedTestbed().programs['nats-server']
  const nats = await startNatsTestbed({ folder, program })
  const bus = await openScaledBus(busOptions(nats))
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
      sleep: scaledSleep,
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
    pod: async (address, podUid) => createPodHandle(await link(address), address, podUid),
    async close() {
      await Promise.all(links.map((opened) => opened.close()))
      await bus.close()
      await nats.close()
      await folder.remove()
    },
  }
}

function createPodHandle(link: BusLink, address: AttemptAddress, podUid: string): ReportingPod {
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
