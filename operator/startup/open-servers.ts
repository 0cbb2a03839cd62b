import { type HealthFacts, healthRoutes } from '../observability/health.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import {
  type Answer,
  type HttpServer,
  type Routes,
  serveHttp,
} from '../observability/serve-http.ts'
import type { Studies } from '../observability/study-metrics.ts'
import type { OperatorWorld } from './operator-world.ts'

export interface Served {
  readonly metrics: OperatorMetrics
  readonly health: () => HealthFacts
  /** The objects to export; undefined unless this process leads. */
  readonly studies: () => Promise<Studies | undefined>
}

export type ServersOpened =
  | { readonly ok: true; readonly servers: readonly HttpServer[] }
  | { readonly ok: false; readonly problem: string }

/** The metrics as they are at this moment. */
async function scrape(
  { lagMeter, processFacts }: OperatorWorld,
  { metrics, studies }: Served,
): Promise<Answer> {
  const { registry, operator } = metrics
  operator.lag(lagMeter.take())
  operator.process(processFacts())
  const ofStudies = await metrics.studies.text(await studies())
  const body = ofStudies + (await registry.metrics())
  return { status: 200, contentType: registry.contentType, body }
}

type Routed = readonly [name: 'health' | 'metrics', routes: Routes]

/** In a pod also at its own loopback, where it is free, since `kubectl port-forward` arrives there. */
async function listen(
  { config, podAddress: host }: OperatorWorld,
  [name, routes]: Routed,
): Promise<readonly HttpServer[]> {
  const server = await serveHttp({ port: config.ports[name], host }, routes)
  if (host === undefined) return [server]
  const loopback = { port: server.port, host: '127.0.0.1' }
  const second = await serveHttp(loopback, routes).catch(() => undefined)
  return second === undefined ? [server] : [server, second]
}

/** Serves probes and metrics, each on a port of its own, or says which port is taken. */
export async function openServers(world: OperatorWorld, served: Served): Promise<ServersOpened> {
  const { ports } = world.config
  const routed: readonly Routed[] = [
    ['health', healthRoutes(served.health)],
    ['metrics', { '/metrics': () => scrape(world, served) }],
  ]
  const opened: (readonly HttpServer[])[] = []
  for (const [name, routes] of routed) {
    try {
      opened.push(await listen(world, [name, routes]))
    } catch (error) {
      await Promise.all(opened.flat().map((server) => server.close()))
      const { code } = error as NodeJS.ErrnoException
      const problem = `port ${ports[name]} cannot be listened on (${code}); set ports.${name}`
      return { ok: false, problem }
    }
  }
  const [healthPort, metricsPort] = opened.map(([server]) => server?.port)
  world.log.info({ healthPort, metricsPort }, 'listening')
  return { ok: true, servers: opened.flat() }
}
