import type { ApiClient } from './api-client.ts'
import type { ApiRequest, WriteGate } from './api-request.ts'

const withGate = (gate: WriteGate, request: ApiRequest): ApiRequest =>
  request.method === 'GET' ? request : { ...request, gate }

/**
 * The same client, none of whose writes leaves once the gate is closed. They fail with Unavailable,
 * reason NotLeading.
 */
export const createGatedClient = (client: ApiClient, gate: WriteGate): ApiClient => ({
  request: (request) => client.request(withGate(gate, request)),
  stream: (request) => client.stream(request),
  close: () => client.close(),
})
