import type {
  CheckpointNotice,
  CommandName,
  CommandReply,
  Heartbeat,
} from '../../contract/bus-messages.ts'
import type { AttemptAddress, RunAddress } from '../../contract/bus-names.ts'
import type { BusState } from '../../contract/bus-state.ts'

/**
 * Why the bus cannot be used:
 * - BusUnreachable: no server answers.
 * - BusUnauthorized: the credentials are refused, cannot be read, or may not do what is needed.
 * - BusTooOld: the server is older than 2.11 and ignores settings silently.
 * - BusWithoutJetStream: the server or the account has no JetStream.
 * - BusSettingsIgnored: a stream reads back other settings than were asked for.
 * - BusFailed: any other answer of the server.
 */
export type BusErrorCode =
  | 'BusUnreachable'
  | 'BusUnauthorized'
  | 'BusTooOld'
  | 'BusWithoutJetStream'
  | 'BusSettingsIgnored'
  | 'BusFailed'

/** A failure of the bus; its message says what to do. */
export class BusError extends Error {
  override readonly name = 'BusError'
  readonly code: BusErrorCode

  constructor(code: BusErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface BusHealth {
  readonly state: BusState
  /** Since when (ms, by the clock of the platform). */
  readonly sinceMs: number
  /** Why it is Degraded. */
  readonly problem?: { readonly code: BusErrorCode; readonly message: string }
}

/**
 * Who gets credentials: the pod of an attempt, or the reader that ships what pods of a run left
 * behind.
 */
export type CredentialsRequest =
  | ({ readonly kind: 'Pod' } & AttemptAddress)
  | ({ readonly kind: 'Reader' } & RunAddress)

export interface BusCredentials {
  /** The text of a credentials file. A secret. */
  readonly text: string
  readonly expiresMs: number
}

/**
 * How a pod answered a command. NoAnswer: there is no such pod, it did not answer in time, or the
 * bus is away.
 */
export type CommandAnswer =
  | { readonly state: 'Done'; readonly checkpoint?: CheckpointNotice | undefined }
  | Extract<CommandReply, { state: 'Refused' }>
  | { readonly state: 'NoAnswer'; readonly why: string }

export interface PodCommand {
  readonly name: CommandName
  /** How long to wait for the checkpoint (ms). */
  readonly timeoutMs: number
}

/**
 * What the operator receives from pods and asks of them. Silence means nothing: no decision rests
 * on it.
 */
export interface Bus {
  health(): BusHealth
  /**
   * Makes credentials, also while the bus is away; undefined where no bus is configured. Fails with
   * BusUnauthorized where the key cannot be read.
   */
  issueCredentials(request: CredentialsRequest): Promise<BusCredentials | undefined>
  /** Asks the live pod of an attempt; never fails. */
  sendCommand(address: AttemptAddress, sendCommand: PodCommand): Promise<CommandAnswer>
  /** The newest heartbeat received of an attempt. */
  findHeartbeat(address: AttemptAddress): Heartbeat | undefined
  /** The newest heartbeat of any attempt at the training of a run. */
  findRunHeartbeat(runUid: string): Heartbeat | undefined
  /**
   * Calls back when the state of the bus changes, and with the UID of a run when a heartbeat of one
   * of its pods came, until the returned function is called.
   */
  watch(changed: (change: BusChange) => void): () => void
  close(): Promise<void>
}

export type BusChange =
  | { readonly kind: 'Health' }
  | { readonly kind: 'Run'; readonly runUid: string }

/** For a platform without a bus. */
export const NOOP_BUS: Bus = {
  health: () => ({ state: 'Off', sinceMs: 0 }),
  issueCredentials: () => Promise.resolve(undefined),
  sendCommand: () => Promise.resolve({ state: 'NoAnswer', why: 'no bus is configured' }),
  findHeartbeat: () => undefined,
  findRunHeartbeat: () => undefined,
  watch: () => () => {},
  close: () => Promise.resolve(),
}
