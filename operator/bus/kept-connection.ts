import type { NatsConnection } from 'nats'
import type { Clock } from '../ports/clock.ts'

export interface KeptConnectionOptions {
  readonly clock: Clock
  readonly connect: () => Promise<NatsConnection>
  /** Makes a fresh connection usable, also after it was lost; its failure is a failure to connect. */
  readonly prepare: (connection: NatsConnection) => Promise<void>
  readonly up: () => void
  /** It could not be made, for this reason; without one it was lost. */
  readonly down: (why: unknown) => void
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/** Holds a connection and makes it anew whenever it is lost, until it is closed. */
export class KeptConnection {
  readonly #options: KeptConnectionOptions
  readonly #closing = new AbortController()
  #connection: NatsConnection | undefined
  #isUp = false
  #keeping: Promise<void> = Promise.resolve()

  constructor(options: KeptConnectionOptions) {
    this.#options = options
  }

  /** Starts to connect; resolves with the first verdict, good or bad. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#keeping = this.#keep(resolve)
    })
  }

  /** The connection, while it can be used. */
  get live(): NatsConnection | undefined {
    return this.#isUp ? this.#connection : undefined
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#connection?.close()
    await this.#keeping
  }

  async #keep(verdict: () => void): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS
    while (!this.#closing.signal.aborted) {
      const why = await this.#connectAndStay(verdict)
      const wasUp = this.#isUp
      this.#isUp = false
      if (this.#closing.signal.aborted) return
      this.#options.down(why)
      verdict()
      pauseMs = wasUp ? FIRST_PAUSE_MS : Math.min(2 * pauseMs, LONGEST_PAUSE_MS)
      await this.#pause(pauseMs)
    }
  }

  /** Why the connection could not be made or did not last. */
  async #connectAndStay(verdict: () => void): Promise<unknown> {
    try {
      this.#connection = await this.#options.connect()
      if (this.#closing.signal.aborted) return await this.#connection.close()
      await this.#becomeUp(this.#connection)
      verdict()
      await this.#stay(this.#connection)
      return (await this.#connection.closed()) ?? undefined
    } catch (error) {
      await this.#connection?.close().catch(() => undefined)
      return error
    }
  }

  async #becomeUp(connection: NatsConnection): Promise<void> {
    await this.#options.prepare(connection)
    this.#isUp = true
    this.#options.up()
  }

  async #stay(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'reconnect') await this.#becomeUp(connection)
      if (status.type !== 'disconnect' || this.#closing.signal.aborted) continue
      this.#isUp = false
      this.#options.down(undefined)
    }
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#closing
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        // A server that is away for days must not leave a listener for each try.
        signal.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#options.clock.after(ms, end)
      signal.addEventListener('abort', end)
    })
  }
}
