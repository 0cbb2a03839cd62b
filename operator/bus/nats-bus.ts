import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { parseCreds } from '@nats-io/jwt'
import { Kvm } from '@nats-io/kv'
import { connect, credsAuthenticator, type NatsConnection } from 'nats'
import { CommandReply, type CommandRequest } from '../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildCommandSubject,
  buildProgressKey,
  PROGRESS_BUCKET,
  type RunAddress,
} from '../../contract/bus-names.ts'
import type { RunReport } from '../../contract/run-report.ts'
import type {
  Bus,
  BusChange,
  BusCredentials,
  BusHealth,
  CommandAnswer,
  CredentialsRequest,
  PodCommand,
} from '../ports/bus.ts'
import type { Clock } from '../ports/clock.ts'
import { type HeartbeatBoard, heartbeatBoard } from './heartbeat-board.ts'
import { KeptConnection } from './kept-connection.ts'
import { busError, nameBusFailure } from './name-bus-failure.ts'
import { prepareStreams } from './prepare-streams.ts'
import { readReports } from './read-reports.ts'
import { signCredentials } from './sign-credentials.ts'
import type { StreamLimits } from './stream-settings.ts'

export interface NatsBusOptions {
  readonly servers: readonly string[]
  /** Credentials of the operator's own user. */
  readonly credentialsFile: string
  /** Seed of a signing key of the account: pods get users that it signs. */
  readonly signingKeyFile: string
  readonly caFile?: string | undefined
  readonly limits: StreamLimits
  /** How long the credentials of a pod are good. */
  readonly credentialsValidMs: number
}

export interface NatsBusWorld {
  readonly clock: Clock
  readonly log: (message: string, data: Readonly<Record<string, unknown>>) => void
}

const CONNECT_TIMEOUT_MS = 5000
/** A server that is gone without a word is noticed after three of these. */
const PING_EVERY_MS = 5000
/** A restart of the server is no trouble yet. */
const DEGRADED_AFTER_MS = 8000

/** Heartbeats that are slower to come are heard one by one. */
const HEAR_ALL_MS = 5000

type ProgressBucket = Awaited<ReturnType<Kvm['open']>>
type ProgressEntries = Awaited<ReturnType<ProgressBucket['watch']>>

/** Opens the bus: resolves when it is connected, or when the first try has failed; from then on it connects by itself. */
export async function openNatsBus(options: NatsBusOptions, world: NatsBusWorld): Promise<Bus> {
  const bus = new NatsBus(options, world)
  await bus.start()
  return bus
}

/** Holds the connection, its health and the board of heartbeats. */
class NatsBus implements Bus {
  readonly #options: NatsBusOptions
  readonly #world: NatsBusWorld
  readonly #connection: KeptConnection
  readonly #board: HeartbeatBoard = heartbeatBoard()
  readonly #watchers = new Set<(news: BusChange) => void>()
  #health: BusHealth
  #cancelDegraded: (() => void) | undefined
  #stopListening: () => void = () => {}

  constructor(options: NatsBusOptions, world: NatsBusWorld) {
    this.#options = options
    this.#world = world
    this.#health = { state: 'Degraded', sinceMs: world.clock.nowMs() }
    this.#connection = new KeptConnection({
      clock: world.clock,
      connect: () => this.#connect(),
      prepare: (connection) => this.#prepare(connection),
      up: () => this.#isUp(),
      down: (why) => this.#isDown(why),
    })
  }

  start(): Promise<void> {
    return this.#connection.start()
  }

  health(): BusHealth {
    return this.#health
  }

  async issueCredentials(request: CredentialsRequest): Promise<BusCredentials> {
    const { credentialsFile, signingKeyFile, servers, credentialsValidMs } = this.#options
    try {
      const own = await parseCreds(await readFile(credentialsFile))
      return await signCredentials(request, {
        seed: await readFile(signingKeyFile, 'utf8'),
        account: own.aid,
        nowMs: this.#world.clock.nowMs(),
        validMs: credentialsValidMs,
      })
    } catch (cause) {
      const what = `no credentials for pods: ${(cause as Error).message} (${credentialsFile}, ${signingKeyFile})`
      throw busError('BusUnauthorized', servers, { what, cause })
    }
  }

  async sendCommand(
    address: AttemptAddress,
    { name, timeoutMs }: PodCommand,
  ): Promise<CommandAnswer> {
    const connection = this.#connection.live
    if (connection === undefined) return { state: 'NoAnswer', why: 'the bus is away' }
    const request: CommandRequest = { schemaVersion: 1, command: name }
    try {
      const text = JSON.stringify(request)
      const reply = await connection.request(buildCommandSubject(address), text, {
        timeout: timeoutMs,
      })
      return CommandReply.parse(reply.json())
    } catch (error) {
      return { state: 'NoAnswer', why: error instanceof Error ? error.message : String(error) }
    }
  }

  findHeartbeat(address: AttemptAddress) {
    return this.#board.of(buildProgressKey(address))
  }

  findRunHeartbeat(runUid: string) {
    return this.#board.ofRun(runUid)
  }

  async listReports(run: RunAddress): Promise<readonly RunReport[]> {
    const { servers } = this.#options
    const connection = this.#connection.live
    if (connection === undefined) throw busError('BusUnreachable', servers, { what: 'it is away' })
    try {
      return await readReports(connection, run)
    } catch (error) {
      throw nameBusFailure(error, servers)
    }
  }

  watch(changed: (news: BusChange) => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  async close(): Promise<void> {
    this.#cancelDegraded?.()
    this.#stopListening()
    await this.#connection.close()
  }

  #connect(): Promise<NatsConnection> {
    const { servers, credentialsFile, caFile } = this.#options
    return connect({
      servers: [...servers],
      name: 'neco-operator',
      authenticator: credsAuthenticator(() => readFileSync(credentialsFile)),
      ...(caFile === undefined ? {} : { tls: { caFile } }),
      timeout: CONNECT_TIMEOUT_MS,
      pingInterval: PING_EVERY_MS,
      maxReconnectAttempts: -1,
      noAsyncTraces: true,
    })
  }

  async #prepare(connection: NatsConnection): Promise<void> {
    const { servers, limits } = this.#options
    await prepareStreams(connection, { servers, limits })
    this.#stopListening()
    const bucket = await new Kvm(connection).open(PROGRESS_BUCKET)
    const { values } = await bucket.status()
    const entries = await bucket.watch()
    this.#stopListening = () => entries.stop()
    const { promise: heardAll, resolve } = Promise.withResolvers<void>()
    // Deaf, it is no use: the connection is made anew.
    this.#listen(entries, resolve).catch((error: unknown) => {
      this.#world.log('Heartbeats are no longer heard; connecting anew', { error })
      void connection.close().catch(() => undefined)
    })
    if (values === 0) return
    // Connected means that what pods said before is known: who was never heard has left something.
    const cancel = this.#world.clock.after(HEAR_ALL_MS, resolve)
    await heardAll
    cancel()
  }

  async #listen(entries: ProgressEntries, heardAll: () => void): Promise<void> {
    for await (const { key, revision, operation, value, delta } of entries) {
      if (operation === 'PUT') this.#hear(key, revision, value)
      if (delta === 0) heardAll()
    }
  }

  #hear(key: string, revision: number, value: Uint8Array): void {
    const runUid = this.#board.hear(key, revision, new TextDecoder().decode(value))
    if (runUid !== undefined) this.#tell({ kind: 'Run', runUid })
  }

  #isUp(): void {
    this.#cancelDegraded?.()
    this.#cancelDegraded = undefined
    this.#become({ state: 'Connected', sinceMs: this.#world.clock.nowMs() })
  }

  #isDown(why: unknown): void {
    const { servers } = this.#options
    const { code, message } =
      why === undefined
        ? busError('BusUnreachable', servers, { what: 'the connection was lost' })
        : nameBusFailure(why, servers)
    const sinceMs = this.#world.clock.nowMs()
    const degrade = () => this.#become({ state: 'Degraded', sinceMs, problem: { code, message } })
    if (this.#health.state !== 'Connected') degrade()
    else this.#cancelDegraded ??= this.#world.clock.after(DEGRADED_AFTER_MS, degrade)
  }

  #become(health: BusHealth): void {
    const { state, problem } = this.#health
    const isSame = health.state === state && health.problem?.message === problem?.message
    if (isSame) return
    const sinceMs = health.state === state ? this.#health.sinceMs : health.sinceMs
    this.#health = { ...health, sinceMs }
    this.#world.log('The bus has changed', { ...this.#health })
    this.#tell({ kind: 'Health' })
  }

  #tell(news: BusChange): void {
    for (const watcher of this.#watchers) watcher(news)
  }
}
