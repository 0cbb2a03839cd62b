import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createDelay } from './delay.ts'
import type { RunningContainer } from './executor.ts'
import type { Container } from './pod-object.ts'
import { createThresholdCounter, portNumber, probeContainer } from './probe.ts'
import { systemClock } from './system-clock.ts'

/** Takes no time, but yields to other tasks. */
const delay = (ms: number, signal?: AbortSignal) =>
  createDelay(systemClock)(Math.min(ms, 1), signal)

/** A running container whose commands give these exit codes, then the last one for ever. */
function answering(...exitCodes: readonly number[]): RunningContainer {
  let asked = 0
  return {
    ended: new Promise(() => undefined),
    stop: () => undefined,
    execute: async () => exitCodes[Math.min(asked++, exitCodes.length - 1)] ?? 0,
  }
}

/** The events of a container up to `last`. */
function watch(container: Partial<Container>, running: RunningContainer, last: string) {
  const events: string[] = []
  const over = new AbortController()
  const record = (event: string) => {
    if (over.signal.aborted) return
    events.push(event)
    if (event === last) over.abort()
  }
  return probeContainer({
    container: { name: 'main', ...container },
    podIp: '127.0.0.1',
    running,
    delay,
    signal: over.signal,
    onStarted: () => record('started'),
    onReady: (isReady) => record(isReady ? 'ready' : 'unready'),
    onUnhealthy: (probe) => record(`${probe} failed`),
  }).then(() => events)
}
const exec = { command: ['check'] }

describe('a container', () => {
  it('without probes is started and ready at once', async () => {
    expect(await watch({}, answering(0), 'ready')).toEqual(['started', 'ready'])
  })

  it('is ready and unready as its readiness probe says', async () => {
    const readinessProbe = { exec, failureThreshold: 2 }
    const events = await watch({ readinessProbe }, answering(0, 1, 0, 1, 1), 'unready')
    expect(events).toEqual(['started', 'ready', 'ready', 'unready'])
  })

  it('is unhealthy when its liveness probe fails as often as is allowed', async () => {
    const livenessProbe = { exec, failureThreshold: 2 }
    const events = await watch({ livenessProbe }, answering(0, 1, 1), 'liveness failed')
    expect(events).toEqual(['started', 'ready', 'liveness failed'])
  })

  it('has no other probe before its startup probe succeeds', async () => {
    const probes = { startupProbe: { exec }, readinessProbe: { exec } }
    expect(await watch(probes, answering(1, 1, 0), 'ready')).toEqual(['started', 'ready'])
    expect(await watch(probes, answering(1), 'startup failed')).toEqual(['startup failed'])
  })

  it('is probed over HTTP at the address of its pod and a named port', async () => {
    const paths: (string | undefined)[] = []
    const server = createServer((request, answer) => {
      paths.push(request.url)
      answer.writeHead(paths.length === 1 ? 503 : 200).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const readinessProbe = { httpGet: { path: '/readyz', port: 'health' }, failureThreshold: 1 }
    const ports = [{ name: 'health', containerPort: port }]
    const events = await watch({ ports, readinessProbe }, answering(0), 'ready')
    expect(events).toEqual(['started', 'unready', 'ready'])
    expect(paths).toEqual(['/readyz', '/readyz'])
    server.close()
  })
})

describe('a threshold', () => {
  it('is reached once by equal results in a row', () => {
    const reaches = createThresholdCounter({ successThreshold: 2, failureThreshold: 1 })
    expect([true, true, true, false, true, false].map(reaches)).toEqual([
      ...[false, true, false, true, false, true],
    ])
  })
})

describe('a port', () => {
  it('is given by its name or by its number', () => {
    const container = { name: 'main', ports: [{ name: 'health', containerPort: 8081 }] }
    expect(portNumber('health', container)).toBe(8081)
    expect(portNumber(9090, container)).toBe(9090)
  })
})
