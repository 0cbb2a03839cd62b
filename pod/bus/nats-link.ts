import { readFileSync } from 'node:fs'
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from 'nats'
import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import type { BusLink, BusLog, BusMessage, Sleep } from './bus-link.ts'

export interface NatsLinkOptions {
  readonly servers: readonly string[]
  readonly credentialsFile: string
  readonly caFile?: string | undefined
  readonly inboxPrefix: string
  /** What the server shows this client as. */
  readonly name: string
  readonly sleep: Sleep
  readonly log: BusLog
}

const CONNECT_TIMEOUT_MS = 5000
const STORE_TIMEOUT_MS = 5000
const PING_INTERVAL_MS = 10_000
const BACKOFF: BackoffLimits = { initialMs: 500, maxMs: 15_000 }
/** Different complaints that are logged; each is logged once. */
const MAX_WARNINGS = 20

const connectionOptions = (options: NatsLinkOptions): NodeConnectionOptions => ({
  servers: [...options.servers],
  name: options.name,
  inboxPrefix: options.inboxPrefix,
  // Read again at each connection: the Secret may have been renewed.
  authenticator: credsAuthenticator(() => readFileSync(options.credentialsFile)),
  ...(options.caFile === undefined ? {} : { tls: { caFile: options.caFile } }),
  timeout: CONNECT_TIMEOUT_MS,
  pingInterval: PING_INTERVAL_MS,
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  noAsyncTraces: true,
})

/**
 * Opens a link that connects in the background, again and again, and says each kind of failure
 * once.
 */
export function openNatsLink(options: NatsLinkOptions): BusLink {
  const link = new NatsLink(options)
  link.start()
  return link
}

/** Holds the connection. */
class NatsLink implements BusLink {
  readonly #options: NatsLinkOptions
  readonly #closing = new AbortController()
  readonly #served = new Map<string, (request: string) => Promise<string>>()
  readonly #connectedListeners = new Set<() => void>()
  readonly #warnings = new Set<string>()
  #connection: NatsConnection | undefined
  #stream: JetStreamClient | undefined
  #isConnected = false
  #reconnecting: Promise<void> = Promise.resolve()

  constructor(options: NatsLinkOptions) {
    this.#options = options
  }

  start(): void {
    this.#reconnecting = this.#reconnectLoop()
  }

  async store({ subject, data, id }: BusMessage): Promise<void> {
    if (!this.#isConnected || this.#stream === undefined) throw new Error('NATS is not connected')
    const named = id === undefined ? {} : { msgID: id }
    await this.#stream.publish(subject, data, { ...named, timeout: STORE_TIMEOUT_MS })
  }

  async serve(subject: string, answer: (request: string) => Promise<string>): Promise<void> {
    this.#served.set(subject, answer)
    if (this.#connection === undefined) return
    this.#subscribe(this.#connection, subject)
    if (this.#isConnected) await this.#connection.flush().catch(() => undefined)
  }

  onConnected(callback: () => void): void {
    this.#connectedListeners.add(callback)
    if (this.#isConnected) callback()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#connection?.close()
    await this.#reconnecting
  }

  async #reconnectLoop(): Promise<void> {
    let failures = 0
    while (!this.#closing.signal.aborted) {
      try {
        const connection = await connect(connectionOptions(this.#options))
        failures = 0
        await this.#useConnection(connection)
      } catch (error) {
        this.#warnOnce(error)
      }
      this.#isConnected = false
      this.#connection = undefined
      failures++
      await this.#options.sleep(computeBackoffMs(BACKOFF, failures), this.#closing.signal)
    }
  }

  /** Until the connection is closed for good. */
  async #useConnection(connection: NatsConnection): Promise<void> {
    this.#connection = connection
    this.#stream = jetstream(connection)
    if (this.#closing.signal.aborted) return connection.close()
    for (const subject of this.#served.keys()) this.#subscribe(connection, subject)
    this.#setConnected(true)
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') this.#setConnected(false)
      if (status.type === 'reconnect') this.#setConnected(true)
      if (status.type === 'error') this.#warnOnce(status.error)
    }
  }

  #setConnected(isUp: boolean): void {
    if (isUp === this.#isConnected) return
    this.#isConnected = isUp
    const { log } = this.#options
    if (isUp) log.info('NATS is connected', {})
    else log.warn('NATS is away: reports wait in the spool', {})
    if (isUp) for (const callback of this.#connectedListeners) callback()
  }

  #subscribe(connection: NatsConnection, subject: string): void {
    connection.subscribe(subject, {
      callback: (error, message) => {
        const answer = this.#served.get(subject)
        if (error !== null || answer === undefined) return
        answer(message.string()).then(
          (reply) => message.respond(reply),
          (failure: unknown) => this.#warnOnce(failure),
        )
      },
    })
  }

  #warnOnce(error: unknown): void {
    const why = error instanceof Error ? error.message : String(error)
    if (this.#warnings.has(why) || this.#warnings.size >= MAX_WARNINGS) return
    this.#warnings.add(why)
    const servers = this.#options.servers.join(', ')
    this.#options.log.warn('NATS refuses or is away: reports wait in the spool', { servers, why })
  }
}
