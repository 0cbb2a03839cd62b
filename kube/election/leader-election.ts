import type { Clock } from '../../std/clock.ts'
import { pause } from '../../std/pause.ts'
import type { ApiClient } from '../client/api-client.ts'
import type { WriteGate } from '../client/api-request.ts'
import { isKubeError } from '../kube-error.ts'
import type { ObjectKey } from '../object-key.ts'
import {
  buildHeldLeaseSpec,
  buildReleasedLeaseSpec,
  createLeaseLock,
  type Lease,
  type LeaseLock,
} from './lease-lock.ts'

export interface LeaderElectionTimings {
  /** How long others wait for a renewal by the holder; a whole number of seconds. */
  readonly leaseDurationMs: number
  /** How long after its last renewal the holder still writes; shorter than leaseDurationMs. */
  readonly renewDeadlineMs: number
  readonly retryPeriodMs: number
}

export interface LeaderElectionObserver {
  /** The Lease has another holder than before; '' where it was released. */
  leaderChanged?(identity: string): void
  failed?(error: unknown): void
}

export interface LeaderElectionOptions {
  readonly api: ApiClient
  /** Monotonic: its times are only compared with each other. */
  readonly clock: Clock
  /** Milliseconds since 1970, for the times that stand in the Lease. */
  readonly wallClockMs: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly lease: ObjectKey
  /** Of this process alone. */
  readonly identity: string
  readonly timings?: LeaderElectionTimings
  /** Called once when the Lease is lost; not when it is released by closing. */
  readonly onStoppedLeading?: () => void
  readonly observer?: LeaderElectionObserver
}

/** One candidacy. The gate is open while this process leads, and closed for good after. */
export interface LeaderElection extends WriteGate {
  /** Resolves when this process leads; stays pending if it never does. */
  readonly elected: Promise<void>
  /** Who holds the Lease, as far as is known. */
  holder(): string | undefined
  /** Closes the gate, then releases the Lease, so that the next leader need not wait. */
  close(): Promise<void>
}

const DEFAULT_TIMINGS: LeaderElectionTimings = {
  leaseDurationMs: 15_000,
  renewDeadlineMs: 10_000,
  retryPeriodMs: 2_000,
}
/** Retries are up to a fifth late, so that candidates do not ask in step. */
const JITTER = 0.2

type AcquireResult = 'Held' | 'HeldByAnother' | 'Failed'

class LeaderElector implements LeaderElection {
  readonly #options: LeaderElectionOptions
  readonly #timings: LeaderElectionTimings
  readonly #lock: LeaseLock
  readonly #elected = Promise.withResolvers<void>()
  readonly #gate = new AbortController()
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #lease: Lease | undefined
  #observedAtMs = 0
  /** When the last renewal that succeeded was sent; undefined before the first. */
  #renewedAtMs: number | undefined
  #cancelDeadline = () => {}

  constructor(options: LeaderElectionOptions) {
    this.#options = options
    this.#timings = options.timings ?? DEFAULT_TIMINGS
    this.#lock = createLeaseLock(options.api, options.lease)
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
    return this.#options.clock.nowMs() < this.#renewedAtMs + this.#timings.renewDeadlineMs
  }

  holder(): string | undefined {
    return this.#lease?.spec?.holderIdentity
  }

  async close(): Promise<void> {
    const wasOpen = this.isOpen()
    this.#closing.abort()
    this.#closeGate()
    await this.#running
    if (wasOpen) await this.#release().catch((error) => this.#options.observer?.failed?.(error))
  }

  async #run(): Promise<void> {
    const ended = AbortSignal.any([this.#gate.signal, this.#closing.signal])
    while (!ended.aborted) {
      const result = await this.#tryAcquireOrRenew(ended)
      const isLeading = this.#renewedAtMs !== undefined
      if (isLeading && result === 'HeldByAnother') this.#stopLeading()
      const { retryPeriodMs } = this.#timings
      await pause(this.#options.clock, retryPeriodMs * (1 + JITTER * this.#options.random()), ended)
    }
  }

  /** Tries once to acquire or renew the Lease. */
  async #tryAcquireOrRenew(signal: AbortSignal): Promise<AcquireResult> {
    const { clock, observer } = this.#options
    const limits = { signal, timeoutMs: this.#timings.renewDeadlineMs / 2 }
    try {
      const known = this.#isLeader() ? this.#lease : await this.#readLease(limits)
      if (known !== undefined && this.#isHeldByAnother(known)) return 'HeldByAnother'
      const sentAtMs = clock.nowMs()
      this.#observeLease(await this.#writeLease(known, limits))
      if (!signal.aborted) this.#recordRenewal(sentAtMs)
      return 'Held'
    } catch (error) {
      if (!signal.aborted) observer?.failed?.(error)
      return this.#isLeader() && isKubeError(error, 'Conflict')
        ? this.#recheckHolder(limits)
        : 'Failed'
    }
  }

  /** Somebody wrote to our Lease: another holder ends our term, anything else does not. */
  async #recheckHolder(limits: RequestLimits): Promise<AcquireResult> {
    try {
      const lease = await this.#readLease(limits)
      return lease !== undefined && this.#isHeldByAnother(lease) ? 'HeldByAnother' : 'Failed'
    } catch {
      return 'Failed'
    }
  }

  async #readLease(limits: RequestLimits): Promise<Lease | undefined> {
    try {
      const lease = await this.#lock.get(limits)
      this.#observeLease(lease)
      return lease
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined
      throw error
    }
  }

  #writeLease(known: Lease | undefined, limits: RequestLimits): Promise<Lease> {
    const { identity, wallClockMs } = this.#options
    const { leaseDurationMs } = this.#timings
    const spec = buildHeldLeaseSpec(known?.spec, {
      identity,
      nowMs: wallClockMs(),
      leaseDurationMs,
    })
    return known === undefined
      ? this.#lock.create(spec, limits)
      : this.#lock.update(known, spec, limits)
  }

  /**
   * Whether the Lease is another's whose time has not passed since we saw it change, by our own
   * clock. Once we held it, it is lost as soon as it is not ours.
   */
  #isHeldByAnother({ spec = {} }: Lease): boolean {
    const { holderIdentity = '', leaseDurationSeconds = 0 } = spec
    if (holderIdentity === this.#options.identity) return false
    if (this.#renewedAtMs !== undefined) return true
    if (holderIdentity === '') return false
    return this.#options.clock.nowMs() < this.#observedAtMs + leaseDurationSeconds * 1000
  }

  #isLeader(): boolean {
    return this.#renewedAtMs !== undefined && this.holder() === this.#options.identity
  }

  #observeLease(lease: Lease): void {
    const before = this.#lease
    this.#lease = lease
    if (before?.metadata.resourceVersion === lease.metadata.resourceVersion) return
    this.#observedAtMs = this.#options.clock.nowMs()
    const holder = lease.spec?.holderIdentity ?? ''
    if (before?.spec?.holderIdentity !== holder) this.#options.observer?.leaderChanged?.(holder)
  }

  #recordRenewal(sentAtMs: number): void {
    const { clock } = this.#options
    this.#renewedAtMs = sentAtMs
    this.#cancelDeadline()
    const leftMs = sentAtMs + this.#timings.renewDeadlineMs - clock.nowMs()
    this.#cancelDeadline = clock.after(Math.max(0, leftMs), () => this.#stopLeading())
    this.#elected.resolve()
  }

  #stopLeading(): void {
    if (this.#gate.signal.aborted) return
    this.#closeGate()
    this.#options.onStoppedLeading?.()
  }

  #closeGate(): void {
    this.#cancelDeadline()
    this.#gate.abort()
  }

  async #release(): Promise<void> {
    const limits = { timeoutMs: this.#timings.retryPeriodMs }
    const lease = await this.#lock.get(limits)
    if (lease.spec?.holderIdentity !== this.#options.identity) return
    const spec = buildReleasedLeaseSpec(lease.spec, this.#options.wallClockMs())
    await this.#lock.update(lease, spec, limits)
  }
}

type RequestLimits = Parameters<LeaseLock['get']>[0]

/** Stands for election by a Lease until closed or until the Lease, once held, is lost. */
export const startLeaderElection = (options: LeaderElectionOptions): LeaderElection =>
  new LeaderElector(options)
