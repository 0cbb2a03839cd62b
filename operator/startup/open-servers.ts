import { type HealthFacts, healthRoutes } from '../observability/health.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import { type Answer, type HttpServer, serveHttp } from '../observability/serve-http.ts'
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

/** Serves probes and metrics, each on a port of its own, or says which port is taken. */
export async function openServers(world: OperatorWorld, served: Served): Promise<ServersOpened> {
  const { ports } = world.config
  const routes = {
    health: healthRoutes(served.health),
    metrics: { '/metrics': () => scrape(world, served) },
  }
  const servers: HttpServer[] = []
  for (const name of ['health', 'metrics'] as const) {
    try {
      servers.push(await serveHttp(ports[name], routes[name]))
    } catch (error) {
      await Promise.all(servers.map((server) => server.close()))
      const { code } = error as NodeJS.ErrnoException
      const problem = `port ${ports[name]} cannot be listened on (${code}); set ports.${name}`
      return { ok: false, problem }
    }
  }
  const [health, metrics] = servers.map(({ port }) => port)
  world.log.info({ healthPort: health, metricsPort: metrics }, 'listening')
  return { ok: true, servers }
}
