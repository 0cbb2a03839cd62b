import type { Logger } from 'pino'

/** One message that the server has to store. */
export interface BusMessage {
  readonly subject: string
  readonly data: string
  /** The server stores a message of one id once, within its window. */
  readonly id?: string
}

/**
 * What a pod needs of the bus. It comes and goes, and nothing of it fails or delays the work of a
 * pod.
 */
export interface BusLink {
  /** Resolves when the server has stored the message; rejects where it is away or refuses. */
  store(message: BusMessage): Promise<void>
  /**
   * Answers requests on a subject for as long as the link is open; resolves when the server knows,
   * or at once where it is away.
   */
  serve(subject: string, answer: (request: string) => Promise<string>): Promise<void>
  /** Calls back each time the link has come up. */
  onConnected(callback: () => void): void
  close(): Promise<void>
}

/** Waits, or returns at once when the signal aborts; never rejects. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

/** The log of the pod. */
export interface BusLog {
  info(message: string, data: Readonly<Record<string, unknown>>): void
  warn(message: string, data: Readonly<Record<string, unknown>>): void
}

/** The log of a pod as the bus needs it. */
export const toBusLog = (log: Pick<Logger, 'info' | 'warn'>): BusLog => ({
  info: (message, data) => log.info(data, message),
  warn: (message, data) => log.warn(data, message),
})
