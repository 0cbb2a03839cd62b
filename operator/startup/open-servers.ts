import { buildHealthRoutes, type HealthState } from '../observability/health.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import {
  type HttpResponse,
  type HttpRoutes,
  type HttpServer,
  serveHttp,
} from '../observability/serve-http.ts'
import type { Studies } from '../observability/study-metrics.ts'
import type { OperatorDependencies } from './operator-dependencies.ts'

export interface ServerSources {
  readonly metrics: OperatorMetrics
  readonly health: () => HealthState
  /** The objects to export; undefined unless this process leads. */
  readonly studies: () => Promise<Studies | undefined>
}

export type OpenServersResult =
  | { readonly ok: true; readonly servers: readonly HttpServer[] }
  | { readonly ok: false; readonly problem: string }

/** The metrics as they are at this moment. */
async function renderMetrics(
  { lagMonitor, readProcessUsage }: OperatorDependencies,
  { metrics, studies }: ServerSources,
): Promise<HttpResponse> {
  const { registry, operator } = metrics
  operator.setEventLoopLag(lagMonitor.sample())
  operator.setProcessUsage(readProcessUsage())
  const studyText = await metrics.studies.text(await studies())
  const body = studyText + (await registry.metrics())
  return { status: 200, contentType: registry.contentType, body }
}

type NamedRoutes = readonly [name: 'health' | 'metrics', routes: HttpRoutes]

/**
 * In a pod also at its own loopback, where it is free, since `kubectl port-forward` arrives there.
 */
async function listen(
  { config, podAddress: host }: OperatorDependencies,
  [name, routes]: NamedRoutes,
): Promise<readonly HttpServer[]> {
  const server = await serveHttp({ port: config.ports[name], host }, routes)
  if (host === undefined) return [server]
  const loopback = { port: server.port, host: '127.0.0.1' }
  const loopbackServer = await serveHttp(loopback, routes).catch(() => undefined)
  return loopbackServer === undefined ? [server] : [server, loopbackServer]
}

/** Serves probes and metrics, each on a port of its own, or says which port is taken. */
export async function openServers(
  dependencies: OperatorDependencies,
  sources: ServerSources,
): Promise<OpenServersResult> {
  const { ports } = dependencies.config
  const namedRoutes: readonly NamedRoutes[] = [
    ['health', buildHealthRoutes(sources.health)],
    ['metrics', { '/metrics': () => renderMetrics(dependencies, sources) }],
  ]
  const opened: (readonly HttpServer[])[] = []
  for (const [name, routes] of namedRoutes) {
    try {
      opened.push(await listen(dependencies, [name, routes]))
    } catch (error) {
      await Promise.all(opened.flat().map((server) => server.close()))
      const { code } = error as NodeJS.ErrnoException
      const problem = `port ${ports[name]} cannot be listened on (${code}); set ports.${name}`
      return { ok: false, problem }
    }
  }
  const [healthPort, metricsPort] = opened.map(([server]) => server?.port)
  dependencies.log.info({ healthPort, metricsPort }, 'listening')
  return { ok: true, servers: opened.flat() }
}
