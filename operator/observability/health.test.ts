import { afterEach, describe, expect, test } from 'vitest'
import {
  buildHealthRoutes,
  checkLiveness,
  checkReadiness,
  type HealthState,
  type OperatorPhase,
} from './health.ts'
import { buildPlainText, type HttpServer, serveHttp } from './serve-http.ts'

const buildHealthState = (
  phase: OperatorPhase,
  deadLoops: readonly string[] = [],
): HealthState => ({
  phase,
  deadLoops,
})
const PHASES: readonly OperatorPhase[] = ['Waiting', 'Standby', 'Syncing', 'Leading', 'Ending']

describe('health', () => {
  test('is alive in every phase, so that no server that is away gets the operator killed', () => {
    expect(PHASES.map((phase) => checkLiveness(buildHealthState(phase)).status)).toEqual([
      200, 200, 200, 200, 200,
    ])
  })

  test('is dead when a loop of its own has ended, and says which', () => {
    const answer = checkLiveness(buildHealthState('Leading', ['watch of NeCoRun']))
    expect(answer.status).toBe(500)
    expect(answer.body).toBe('ended unexpectedly: watch of NeCoRun\n')
    expect(checkReadiness(buildHealthState('Leading', ['watch of NeCoRun'])).status).toBe(503)
  })

  test('is ready as a standby and as a leader with full caches, not before and not while it ends', () => {
    const ready = PHASES.filter((phase) => checkReadiness(buildHealthState(phase)).status === 200)
    expect(ready).toEqual(['Standby', 'Leading'])
  })
})

describe('the HTTP server', () => {
  const servers: HttpServer[] = []
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close()
  })
  const start = async (routes: Parameters<typeof serveHttp>[1]) => {
    const server = await serveHttp({ port: 0 }, routes)
    servers.push(server)
    return (path: string, init?: RequestInit) =>
      fetch(`http://127.0.0.1:${server.port}${path}`, init)
  }

  test('answers the probes on a free port', async () => {
    let phase: OperatorPhase = 'Waiting'
    const get = await start(buildHealthRoutes(() => buildHealthState(phase)))
    expect((await get('/readyz')).status).toBe(503)
    phase = 'Standby'
    const answer = await get('/readyz?verbose')
    expect([answer.status, await answer.text()]).toEqual([200, 'Standby\n'])
    expect((await get('/healthz')).status).toBe(200)
  })

  test('says which paths there are, and refuses what is no GET', async () => {
    const get = await start(buildHealthRoutes(() => buildHealthState('Standby')))
    expect(await (await get('/')).text()).toBe('GET /healthz or /readyz\n')
    expect((await get('/healthz', { method: 'POST' })).status).toBe(405)
  })

  test('answers 500 where a route fails, and goes on', async () => {
    const get = await start({
      '/bad': () => Promise.reject(new Error('no')),
      '/good': () => buildPlainText(200, 'yes'),
    })
    expect((await get('/bad')).status).toBe(500)
    expect((await get('/good')).status).toBe(200)
  })

  test('fails to start on a port that is taken', async () => {
    const server = await serveHttp({ port: 0 }, {})
    servers.push(server)
    await expect(serveHttp({ port: server.port }, {})).rejects.toThrow('EADDRINUSE')
  })
})
