import type { ApiClient, ApiRequest } from './api-client.ts'

/** Whether this process may write: shut for good once another may be the leader. */
export interface WriteGate {
  /** Aborts when the gate shuts. */
  readonly signal: AbortSignal
  /** Asked right before a write is sent: a process that was halted may be past the hour before its timers say so. */
  isOpen(): boolean
}

const withGate = (gate: WriteGate, request: ApiRequest): ApiRequest =>
  request.method === 'GET' ? request : { ...request, gate }

/** The same client, none of whose writes leaves once the gate is shut. They fail with Unavailable, reason NotLeading. */
export const createGatedClient = (client: ApiClient, gate: WriteGate): ApiClient => ({
  request: (request) => client.request(withGate(gate, request)),
  stream: (request) => client.stream(request),
  close: () => client.close(),
})
