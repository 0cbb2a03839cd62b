/** Whether this process may write: closed for good once another may be the leader. */
export interface WriteGate {
  /** Aborts when the gate closes. */
  readonly signal: AbortSignal
  /**
   * Asked right before a write is sent: a process that was halted may be late before its timers say
   * so.
   */
  isOpen(): boolean
}

/** One request to an API server. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Left out where undefined. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  /** Sent as JSON. */
  readonly body?: unknown
  readonly contentType?: string
  /** Texts in the body that no failure may repeat. */
  readonly secrets?: readonly string[]
  readonly signal?: AbortSignal
  /** How long one try may take, for a stream until its first byte; 30 s where left out. */
  readonly timeoutMs?: number
  /** Closed, no try of this request is sent. */
  readonly gate?: WriteGate
}
