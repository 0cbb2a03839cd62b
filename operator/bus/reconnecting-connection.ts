import type { NatsConnection } from 'nats'
import { type BackoffLimits, computeBackoffMs } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import { pause } from '../../std/pause.ts'

export interface ReconnectingConnectionOptions {
  readonly clock: Clock
  readonly connect: () => Promise<NatsConnection>
  /**
   * Makes a fresh connection usable, also after it was lost; its failure is a failure to connect.
   */
  readonly prepare: (connection: NatsConnection) => Promise<void>
  readonly onUp: () => void
  /** It could not be made, for this reason; without one it was lost. */
  readonly onDown: (reason: unknown) => void
}

const BACKOFF: BackoffLimits = { initialMs: 500, maxMs: 15_000 }

/** A connection that is opened again whenever it is lost, until it is closed. */
export class ReconnectingConnection {
  readonly #options: ReconnectingConnectionOptions
  readonly #closing = new AbortController()
  #connection: NatsConnection | undefined
  #isUp = false
  #running: Promise<void> = Promise.resolve()

  constructor(options: ReconnectingConnectionOptions) {
    this.#options = options
  }

  /** Starts to connect; resolves with the first verdict, good or bad. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#running = this.#run(resolve)
    })
  }

  /** The connection, while it can be used. */
  get active(): NatsConnection | undefined {
    return this.#isUp ? this.#connection : undefined
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#connection?.close()
    await this.#running
  }

  async #run(onFirstResult: () => void): Promise<void> {
    let failures = 0
    while (!this.#closing.signal.aborted) {
      const reason = await this.#connectOnce(onFirstResult)
      const wasUp = this.#isUp
      this.#isUp = false
      if (this.#closing.signal.aborted) return
      this.#options.onDown(reason)
      onFirstResult()
      failures = wasUp ? 1 : failures + 1
      const delayMs = computeBackoffMs(BACKOFF, failures)
      await pause(this.#options.clock, delayMs, this.#closing.signal)
    }
  }

  /** Why the connection could not be made or did not last. */
  async #connectOnce(onFirstResult: () => void): Promise<unknown> {
    try {
      this.#connection = await this.#options.connect()
      if (this.#closing.signal.aborted) return await this.#connection.close()
      await this.#markUp(this.#connection)
      onFirstResult()
      await this.#followStatus(this.#connection)
      return (await this.#connection.closed()) ?? undefined
    } catch (error) {
      await this.#connection?.close().catch(() => undefined)
      return error
    }
  }

  async #markUp(connection: NatsConnection): Promise<void> {
    await this.#options.prepare(connection)
    this.#isUp = true
    this.#options.onUp()
  }

  async #followStatus(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'reconnect') await this.#markUp(connection)
      if (status.type !== 'disconnect' || this.#closing.signal.aborted) continue
      this.#isUp = false
      this.#options.onDown(undefined)
    }
  }
}
