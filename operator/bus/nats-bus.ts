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
} from '../../contract/bus-names.ts'
import type { Clock } from '../../std/clock.ts'
import type {
  Bus,
  BusChange,
  BusCredentials,
  BusHealth,
  CommandAnswer,
  CredentialsRequest,
  PodCommand,
} from '../ports/bus.ts'
import { createHeartbeatCache, type HeartbeatCache } from './heartbeat-cache.ts'
import { prepareStreams } from './prepare-streams.ts'
import { ReconnectingConnection } from './reconnecting-connection.ts'
import { signCredentials } from './sign-credentials.ts'
import type { StreamLimits } from './stream-settings.ts'
import { buildBusError, toBusError } from './to-bus-error.ts'

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

export interface NatsBusDependencies {
  readonly clock: Clock
  readonly log: (message: string, data: Readonly<Record<string, unknown>>) => void
}

const CONNECT_TIMEOUT_MS = 5000
/** A server that is gone without a word is noticed after three of these. */
const PING_INTERVAL_MS = 5000
/** A restart of the server is no trouble yet. */
const DEGRADED_AFTER_MS = 8000

/** Heartbeats that take longer to be replayed are received one by one. */
const HEARTBEAT_REPLAY_TIMEOUT_MS = 5000

type ProgressBucket = Awaited<ReturnType<Kvm['open']>>
type ProgressEntries = Awaited<ReturnType<ProgressBucket['watch']>>

/**
 * Opens the bus: resolves when it is connected, or when the first try has failed; from then on it
 * connects by itself.
 */
export async function openNatsBus(
  options: NatsBusOptions,
  dependencies: NatsBusDependencies,
): Promise<Bus> {
  const bus = new NatsBus(options, dependencies)
  await bus.start()
  return bus
}

/** The connection, its health and the cache of heartbeats. */
class NatsBus implements Bus {
  readonly #options: NatsBusOptions
  readonly #dependencies: NatsBusDependencies
  readonly #connection: ReconnectingConnection
  readonly #heartbeats: HeartbeatCache = createHeartbeatCache()
  readonly #watchers = new Set<(change: BusChange) => void>()
  #health: BusHealth
  #cancelDegraded: (() => void) | undefined
  #stopListening: () => void = () => {}

  constructor(options: NatsBusOptions, dependencies: NatsBusDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#health = { state: 'Degraded', sinceMs: dependencies.clock.nowMs() }
    this.#connection = new ReconnectingConnection({
      clock: dependencies.clock,
      connect: () => this.#connect(),
      prepare: (connection) => this.#prepare(connection),
      onUp: () => this.#handleUp(),
      onDown: (reason) => this.#handleDown(reason),
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
      const operatorUser = await parseCreds(await readFile(credentialsFile))
      return await signCredentials(request, {
        seed: await readFile(signingKeyFile, 'utf8'),
        account: operatorUser.aid,
        nowMs: this.#dependencies.clock.nowMs(),
        validMs: credentialsValidMs,
      })
    } catch (cause) {
      const what = `no credentials for pods: ${(cause as Error).message} (${credentialsFile}, ${signingKeyFile})`
      throw buildBusError('BusUnauthorized', servers, { what, cause })
    }
  }

  async sendCommand(
    address: AttemptAddress,
    { name, timeoutMs }: PodCommand,
  ): Promise<CommandAnswer> {
    const connection = this.#connection.active
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
    return this.#heartbeats.find(buildProgressKey(address))
  }

  findRunHeartbeat(runUid: string) {
    return this.#heartbeats.findByRun(runUid)
  }

  watch(changed: (change: BusChange) => void): () => void {
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
      pingInterval: PING_INTERVAL_MS,
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
    const { promise: onReplayed, resolve } = Promise.withResolvers<void>()
    // Without heartbeats the connection is of no use: it is opened again.
    this.#listen(entries, resolve).catch((error: unknown) => {
      this.#dependencies.log('heartbeats are no longer received; reconnecting', { error })
      void connection.close().catch(() => undefined)
    })
    if (values === 0) return
    // Connected means that earlier heartbeats are known: an attempt without one has unshipped
    // reports.
    const cancel = this.#dependencies.clock.after(HEARTBEAT_REPLAY_TIMEOUT_MS, resolve)
    await onReplayed
    cancel()
  }

  async #listen(entries: ProgressEntries, onReplayed: () => void): Promise<void> {
    for await (const { key, revision, operation, value, delta } of entries) {
      if (operation === 'PUT') this.#receive(key, revision, value)
      if (delta === 0) onReplayed()
    }
  }

  #receive(key: string, revision: number, value: Uint8Array): void {
    const runUid = this.#heartbeats.receive(key, revision, new TextDecoder().decode(value))
    if (runUid !== undefined) this.#notify({ kind: 'Run', runUid })
  }

  #handleUp(): void {
    this.#cancelDegraded?.()
    this.#cancelDegraded = undefined
    this.#setHealth({ state: 'Connected', sinceMs: this.#dependencies.clock.nowMs() })
  }

  #handleDown(reason: unknown): void {
    const { servers } = this.#options
    const { code, message } =
      reason === undefined
        ? buildBusError('BusUnreachable', servers, { what: 'the connection was lost' })
        : toBusError(reason, servers)
    const sinceMs = this.#dependencies.clock.nowMs()
    const markDegraded = () =>
      this.#setHealth({ state: 'Degraded', sinceMs, problem: { code, message } })
    if (this.#health.state !== 'Connected') markDegraded()
    else this.#cancelDegraded ??= this.#dependencies.clock.after(DEGRADED_AFTER_MS, markDegraded)
  }

  #setHealth(health: BusHealth): void {
    const { state, problem } = this.#health
    const isSame = health.state === state && health.problem?.message === problem?.message
    if (isSame) return
    const sinceMs = health.state === state ? this.#health.sinceMs : health.sinceMs
    this.#health = { ...health, sinceMs }
    this.#dependencies.log('The bus has changed', { ...this.#health })
    this.#notify({ kind: 'Health' })
  }

  #notify(change: BusChange): void {
    for (const watcher of this.#watchers) watcher(change)
  }
}
