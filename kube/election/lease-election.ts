import type { Clock } from '../../operator/ports/clock.ts'
import type { ObjectKey } from '../../operator/ports/objects.ts'
import { isPortError } from '../../operator/ports/port-error.ts'
import { pause } from '../abort-scope.ts'
import type { ApiClient } from '../client/api-client.ts'
import type { WriteGate } from '../client/write-gate.ts'
import { heldSpec, type Lease, type LeaseStore, leaseStore, releasedSpec } from './lease.ts'

export interface ElectionTimes {
  /** How long others wait for a sign of the holder; a whole number of seconds. */
  readonly leaseMs: number
  /** How long after its last renewal the holder still writes; shorter than leaseMs. */
  readonly renewDeadlineMs: number
  readonly retryMs: number
}

export interface ElectionObserver {
  /** The Lease has another holder than before; '' where it was given back. */
  held?(identity: string): void
  failed?(error: unknown): void
}

export interface ElectionOptions {
  readonly api: ApiClient
  /** A clock that is never set: its times are only compared with each other. */
  readonly clock: Clock
  /** Milliseconds since 1970, for the times that stand in the Lease. */
  readonly wallClockMs: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly lease: ObjectKey
  /** Of this process alone. */
  readonly identity: string
  readonly times?: ElectionTimes
  /** Called once when the Lease is lost; not when it is given back by closing. */
  readonly onLost?: () => void
  readonly observer?: ElectionObserver
}

/** A candidacy for one term. The gate is open while this process leads, and shut for good after. */
export interface LeaseElection extends WriteGate {
  /** Resolves when this process leads; stays pending if it never does. */
  readonly elected: Promise<void>
  /** Who holds the Lease, as far as is known. */
  holder(): string | undefined
  /** Shuts the gate, then gives the Lease back, so that the next leader need not wait. */
  close(): Promise<void>
}

const DEFAULT_TIMES: ElectionTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2_000 }
/** Retries are up to a fifth late, so that candidates do not ask in step. */
const JITTER = 0.2

type Attempt = 'Held' | 'HeldByAnother' | 'Failed'

class Candidate implements LeaseElection {
  readonly #options: ElectionOptions
  readonly #times: ElectionTimes
  readonly #store: LeaseStore
  readonly #elected = Promise.withResolvers<void>()
  readonly #gate = new AbortController()
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #lease: Lease | undefined
  #observedAtMs = 0
  /** When the last renewal that succeeded was sent; undefined before the first. */
  #renewedAtMs: number | undefined
  #cancelDeadline = () => {}

  constructor(options: ElectionOptions) {
    this.#options = options
    this.#times = options.times ?? DEFAULT_TIMES
    this.#store = leaseStore(options.api, options.lease)
    this.#running = this.#run()
  }

  get elected(): Promise<void> {
    return this.#elected.promise
  }

  get signal(): AbortSignal {
    return this.#gate.signal
  }

  isOpen(): boolean {
    if (this.#renewedAtMs === undefined || this.#gate.signal.aborted) return false
    return this.#options.clock.nowMs() < this.#renewedAtMs + this.#times.renewDeadlineMs
  }

  holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity
  }

  async close(): Promise<void> {
    const wasOpen = this.isOpen()
    this.#closing.abort()
    this.#shut()
    await this.#running
    if (wasOpen) await this.#release().catch((error) => this.#options.observer?.failed?.(error))
  }

  async #run(): Promise<void> {
    const ended = AbortSignal.any([this.#gate.signal, this.#closing.signal])
    while (!ended.aborted) {
      const attempt = await this.#attempt(ended)
      const isLeading = this.#renewedAtMs !== undefined
      if (isLeading && attempt === 'HeldByAnother') this.#lose()
      const { retryMs } = this.#times
      await pause(this.#options.clock, retryMs * (1 + JITTER * this.#options.random()), ended)
    }
  }

  /** Tries once to take or to keep the Lease. */
  async #attempt(signal: AbortSignal): Promise<Attempt> {
    const { clock, observer } = this.#options
    const limits = { signal, timeoutMs: this.#times.renewDeadlineMs / 2 }
    try {
      const known = this.#isLeader() ? this.#lease : await this.#look(limits)
      if (known !== undefined && this.#isTaken(known)) return 'HeldByAnother'
      const sentAtMs = clock.nowMs()
      this.#observe(await this.#write(known, limits))
      if (!signal.aborted) this.#renewed(sentAtMs)
      return 'Held'
    } catch (error) {
      if (!signal.aborted) observer?.failed?.(error)
      return this.#isLeader() && isPortError(error, 'Conflict') ? this.#lookAgain(limits) : 'Failed'
    }
  }

  /** Somebody wrote to our Lease: another holder ends our term, anything else does not. */
  async #lookAgain(limits: Limits): Promise<Attempt> {
    try {
      const lease = await this.#look(limits)
      return lease !== undefined && this.#isTaken(lease) ? 'HeldByAnother' : 'Failed'
    } catch {
      return 'Failed'
    }
  }

  async #look(limits: Limits): Promise<Lease | undefined> {
    try {
      const lease = await this.#store.get(limits)
      this.#observe(lease)
      return lease
    } catch (error) {
      if (isPortError(error, 'NotFound')) return undefined
      throw error
    }
  }

  #write(known: Lease | undefined, limits: Limits): Promise<Lease> {
    const { identity, wallClockMs } = this.#options
    const { leaseMs } = this.#times
    const spec = heldSpec(known?.spec, { identity, nowMs: wallClockMs(), leaseMs })
    return known === undefined
      ? this.#store.create(spec, limits)
      : this.#store.update(known, spec, limits)
  }

  /**
   * Whether the Lease is another's whose time has not passed since we saw it change, by our own clock. Once we held it,
   * it is lost as soon as it is not ours.
   */
  #isTaken({ spec = {} }: Lease): boolean {
    const { holderIdentity = '', leaseDurationSeconds = 0 } = spec
    if (holderIdentity === this.#options.identity) return false
    if (this.#renewedAtMs !== undefined) return true
    if (holderIdentity === '') return false
    return this.#options.clock.nowMs() < this.#observedAtMs + leaseDurationSeconds * 1000
  }

  #isLeader(): boolean {
    return this.#renewedAtMs !== undefined && this.holder() === this.#options.identity
  }

  #observe(lease: Lease): void {
    const before = this.#lease
    this.#lease = lease
    if (before?.metadata.resourceVersion === lease.metadata.resourceVersion) return
    this.#observedAtMs = this.#options.clock.nowMs()
    const holder = lease.spec?.holderIdentity ?? ''
    if (before?.spec?.holderIdentity !== holder) this.#options.observer?.held?.(holder)
  }

  #renewed(sentAtMs: number): void {
    const { clock } = this.#options
    this.#renewedAtMs = sentAtMs
    this.#cancelDeadline()
    const leftMs = sentAtMs + this.#times.renewDeadlineMs - clock.nowMs()
    this.#cancelDeadline = clock.after(Math.max(0, leftMs), () => this.#lose())
    this.#elected.resolve()
  }

  #lose(): void {
    if (this.#gate.signal.aborted) return
    this.#shut()
    this.#options.onLost?.()
  }

  #shut(): void {
    this.#cancelDeadline()
    this.#gate.abort()
  }

  async #release(): Promise<void> {
    const limits = { timeoutMs: this.#times.retryMs }
    const lease = await this.#store.get(limits)
    if (lease.spec?.holderIdentity !== this.#options.identity) return
    const spec = releasedSpec(lease.spec, this.#options.wallClockMs())
    await this.#store.update(lease, spec, limits)
  }
}

type Limits = Parameters<LeaseStore['get']>[0]

/** Stands for election by a Lease until closed or until the Lease, once held, is lost. */
export const startLeaseElection = (options: ElectionOptions): LeaseElection =>
  new Candidate(options)
