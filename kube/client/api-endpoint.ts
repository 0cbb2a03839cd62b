import http, { type ClientRequest } from 'node:http'
import https, { type RequestOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'

/** Where an API server is and how a request shows who sends it. */
export interface ApiEndpoint {
  /** A request that is not sent yet; `path` starts with a slash and holds the query. */
  open(path: string, options: RequestOptions): Promise<ClientRequest>
  close(): void
}

const KEEP_ALIVE_MS = 30_000

/** The path of the server's own URL, where it is behind a proxy that has one. */
const toPathPrefix = (server: URL): string => server.pathname.replace(/\/$/, '')

/**
 * Reaches the current cluster of a kubeconfig as its current user. Credentials are asked for before
 * each request, so that tokens and certificates that are renewed are used. Fails where the
 * kubeconfig names no cluster.
 */
export function createApiEndpoint(kubeConfig: KubeConfig): ApiEndpoint {
  const cluster = kubeConfig.getCurrentCluster()
  if (cluster === null) throw new Error('the kubeconfig has no current cluster: set its context')
  const server = new URL(cluster.server)
  const isPlain = server.protocol === 'http:'
  const agent = isPlain
    ? new http.Agent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS })
    : new https.Agent({ keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS })
  return {
    open: async (path, options) => {
      const identity: RequestOptions = { headers: {} }
      await kubeConfig.applyToHTTPSOptions(identity)
      const send = isPlain ? http.request : https.request
      return send(new URL(toPathPrefix(server) + path, server), {
        ...identity,
        ...options,
        headers: { ...identity.headers, ...options.headers },
        agent: cluster.proxyUrl === undefined ? agent : identity.agent,
      })
    },
    close: () => agent.destroy(),
  }
}
