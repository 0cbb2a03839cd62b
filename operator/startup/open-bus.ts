import { readFile } from 'node:fs/promises'
import { parseCreds } from '@nats-io/jwt'
import type { Clock } from '../../std/clock.ts'
import { openNatsBus } from '../bus/nats-bus.ts'
import type { JobBus } from '../cluster/jobs/create-job.ts'
import type { OperatorConfig } from '../config.ts'
import type { Log } from '../observability/log.ts'
import type { OperatorGauges } from '../observability/operator-gauges.ts'
import { type Bus, NOOP_BUS } from '../ports/bus.ts'

type NatsConfig = NonNullable<OperatorConfig['nats']>

export interface BusDependencies {
  readonly clock: Clock
  readonly log: Log
  readonly gauges: OperatorGauges
}

export interface OpenedBus {
  readonly bus: Bus
  /** What pods are given to reach it; undefined without a bus. */
  readonly podBus: JobBus | undefined
}

const DAY_MS = 86_400_000
const HEARTBEAT_RETENTION_DAYS = 2

/**
 * What is wrong with the files that the configuration names, in a sentence each; a server is not
 * asked.
 */
export async function findBusProblems(nats: NatsConfig | undefined): Promise<readonly string[]> {
  if (nats === undefined) return []
  const files = {
    credentialsFile: nats.credentialsFile,
    accountSigningKeyFile: nats.accountSigningKeyFile,
    caFile: nats.caFile,
  }
  const problems = await Promise.all(
    Object.entries(files).map(async ([field, file]) => {
      if (file === undefined) return []
      const code = await readFile(file).then(
        () => undefined,
        (error: NodeJS.ErrnoException) => error.code,
      )
      return code === undefined ? [] : [`nats.${field}: ${file} cannot be read (${code})`]
    }),
  )
  const unreadable = problems.flat()
  return unreadable.length > 0 ? unreadable : findAccountProblems(nats)
}

async function findAccountProblems({ account, credentialsFile }: NatsConfig): Promise<string[]> {
  try {
    const { aid } = await parseCreds(await readFile(credentialsFile))
    if (account === undefined || aid === account) return []
    return [`nats.account: is ${account}, but ${credentialsFile} is of account ${aid}`]
  } catch {
    return [`nats.credentialsFile: ${credentialsFile} holds no NATS credentials (.creds)`]
  }
}

/**
 * Opens the bus of the configuration. It never fails: a bus that cannot be used is Degraded, and
 * the log says why.
 */
export async function openBus(
  nats: NatsConfig | undefined,
  dependencies: BusDependencies,
): Promise<OpenedBus> {
  if (nats === undefined) {
    dependencies.gauges.setBusState('Off')
    return { bus: NOOP_BUS, podBus: undefined }
  }
  const log = dependencies.log.child({ part: 'bus' })
  const bus = await openNatsBus(
    {
      servers: nats.servers,
      credentialsFile: nats.credentialsFile,
      signingKeyFile: nats.accountSigningKeyFile,
      caFile: nats.caFile,
      limits: {
        replicas: nats.streamReplicas,
        reportRetentionMs: nats.keepReportsDays * DAY_MS,
        heartbeatRetentionMs: HEARTBEAT_RETENTION_DAYS * DAY_MS,
      },
      credentialsValidMs: nats.credentialsDays * DAY_MS,
    },
    { clock: dependencies.clock, log: (message, data) => log.info(data, message) },
  )
  observeBusHealth(bus, { ...dependencies, log })
  const caCertificate = nats.caFile === undefined ? undefined : await readFile(nats.caFile, 'utf8')
  const servers = nats.podServers ?? nats.servers
  const credentials: Bus['issueCredentials'] = (request) => bus.issueCredentials(request)
  return { bus, podBus: { servers, caCertificate, credentials } }
}

function observeBusHealth(bus: Bus, { gauges, log }: BusDependencies): void {
  const reportHealth = (): void => {
    const { state, problem } = bus.health()
    gauges.setBusState(state)
    if (state === 'Degraded') {
      log.warn({ code: problem?.code, note: problem?.message }, 'bus is degraded; runs continue')
    }
  }
  reportHealth()
  bus.watch(({ kind }) => (kind === 'Health' ? reportHealth() : gauges.reportReceived()))
}
