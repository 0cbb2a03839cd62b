import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { connect } from 'node:net'
import type { V1Probe } from '@kubernetes/client-node'
import type { Delay } from './delay.ts'
import type { RunningContainer } from './executor.ts'
import type { Container } from './pod-object.ts'

interface ProbeContext {
  readonly container: Container
  readonly podIp: string
  readonly running: RunningContainer
  readonly delay: Delay
  /** Aborts when the container has ended. */
  readonly signal: AbortSignal
  readonly onStarted: () => void
  readonly onReady: (isReady: boolean) => void
  /** A startup or liveness probe has failed too often: the container is to be restarted. */
  readonly onUnhealthy: (probe: 'startup' | 'liveness') => void
}

/**
 * Watches over a running container with its probes until it has ended. A probe that is not there
 * has succeeded.
 */
export async function probeContainer(probing: ProbeContext): Promise<void> {
  const { container, onStarted, onReady, onUnhealthy, signal } = probing
  const { startupProbe, readinessProbe, livenessProbe } = container
  if (startupProbe !== undefined) {
    const started = await repeatProbe(startupProbe, probing, (succeeded) =>
      succeeded ? 'Stop' : 'Fail',
    )
    if (!started && !signal.aborted) onUnhealthy('startup')
    if (!started) return
  }
  onStarted()
  if (readinessProbe === undefined) onReady(true)
  await Promise.all([
    readinessProbe &&
      repeatProbe(readinessProbe, probing, (succeeded) => {
        onReady(succeeded)
        return 'Continue'
      }),
    livenessProbe &&
      repeatProbe(livenessProbe, probing, (succeeded) => {
        if (!succeeded) onUnhealthy('liveness')
        return succeeded ? 'Continue' : 'Fail'
      }),
  ])
}

type Verdict = 'Continue' | 'Stop' | 'Fail'

/**
 * Runs a probe again and again; `decide` is called with a result that reaches its threshold. Gives
 * whether it was stopped with success.
 */
async function repeatProbe(
  probe: V1Probe,
  probing: ProbeContext,
  decide: (succeeded: boolean) => Verdict,
): Promise<boolean> {
  const { delay, signal } = probing
  const reaches = createThresholdCounter(probe)
  await delay((probe.initialDelaySeconds ?? 0) * 1000, signal)
  while (!signal.aborted) {
    const succeeded = await tryProbe(probe, probing)
    if (signal.aborted) break
    const verdict = reaches(succeeded) ? decide(succeeded) : 'Continue'
    if (verdict !== 'Continue') return verdict === 'Stop'
    await delay((probe.periodSeconds ?? 10) * 1000, signal)
  }
  return false
}

/** Counts equal results in a row; true for the one that reaches its threshold. */
export function createThresholdCounter(probe: V1Probe): (succeeded: boolean) => boolean {
  let inARow = 0
  let last: boolean | undefined
  return (succeeded) => {
    inARow = succeeded === last ? inARow + 1 : 1
    last = succeeded
    return inARow === chooseThreshold(probe, succeeded)
  }
}

const chooseThreshold = (probe: V1Probe, succeeded: boolean): number =>
  succeeded ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)

async function tryProbe(
  probe: V1Probe,
  { container, podIp, running }: ProbeContext,
): Promise<boolean> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  const { exec, httpGet, tcpSocket } = probe
  if (exec !== undefined) return (await running.execute(exec.command ?? [], timeoutMs)) === 0
  if (httpGet !== undefined) {
    const host = httpGet.host ?? podIp
    const port = portNumber(httpGet.port, container)
    const scheme = (httpGet.scheme ?? 'HTTP').toLowerCase()
    return getSucceeds(new URL(`${scheme}://${host}:${port}${httpGet.path ?? '/'}`), timeoutMs)
  }
  if (tcpSocket === undefined) return true
  return connects(tcpSocket.host ?? podIp, portNumber(tcpSocket.port, container), timeoutMs)
}

/** The number of a port that may be given by its name. */
export const portNumber = (port: string | number, { ports = [] }: Container): number =>
  ports.find(({ name }) => name === port)?.containerPort ?? Number(port)

const getSucceeds = (url: URL, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp
    const options = { timeout: timeoutMs, rejectUnauthorized: false, agent: false }
    const sent = send(url, options, (answer) => {
      answer.resume()
      const { statusCode = 0 } = answer
      resolve(statusCode >= 200 && statusCode < 400)
    })
    sent.once('timeout', () => sent.destroy(new Error('timeout')))
    sent.once('error', () => resolve(false))
    sent.end()
  })

const connects = (host: string, port: number, timeoutMs: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const finish = (succeeded: boolean) => () => {
      socket.destroy()
      resolve(succeeded)
    }
    socket.once('connect', finish(true))
    socket.once('timeout', finish(false))
    socket.once('error', finish(false))
  })
