import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import { startNatsTestbed } from '../testbed/nats-testbed.ts'
import { startPrometheusTestbed } from '../testbed/prometheus-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import { openTestbedFolder, type TestbedFolder } from '../testbed/testbed-folder.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type OperatorProcess, startOperator } from './operator-process.ts'

const testbed = sharedTestbed()
const SHORT_LEASE = { durationSeconds: 4, renewSeconds: 3, retrySeconds: 1 }

let folder: TestbedFolder
let namespace: string
const operators: OperatorProcess[] = []
beforeAll(async () => {
  folder = await openTestbedFolder()
  namespace = await testbed.newNamespace('operator')
  await makeLocalClaim(testbed.kubectl, { namespace, name: 'neco', path: `${folder.path}/storage` })
})
afterEach(async () => {
  for (const operator of operators.splice(0)) await operator.end()
})
afterAll(async () => {
  await testbed.kubectl.run(['delete', 'namespace', namespace, '--wait=false'])
  await folder.remove()
})

/** An operator that watches only the namespace of these tests, with a Lease of its own. */
async function start(
  name: string,
  config: Readonly<Record<string, unknown>> = {},
  kubeconfig = testbed.kubeconfig('admin'),
): Promise<OperatorProcess> {
  const lease = { name: `lease-${name.split('-')[0]}`, namespace, ...SHORT_LEASE }
  const operator = await startOperator({
    folder,
    name,
    kubeconfig,
    config: {
      watchNamespaces: [namespace],
      defaults: { image: 'registry.test/neco:1', storage: { claim: 'neco' } },
      lease,
      ...config,
    },
  })
  operators.push(operator)
  return operator
}

const aSweep = (name: string) => ({
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: { name, namespace },
  spec: {
    axes: [{ parameter: 'loss.studentSteepness', values: [10, 100] }],
    parallelism: 2,
    run: {
      data: { kind: 'Scenes', count: 4 },
      pod: { nodeSelector: { 'neco.dev/none': 'such' } },
    },
  },
})

const apply = (object: object) =>
  testbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(object) })

const field = (kind: string, name: string, path: string): Promise<string> =>
  testbed.kubectl.ok(['get', kind, name, '-n', namespace, '-o', `jsonpath={${path}}`])

/** Completes a run by writing the status of its pod. */
async function finish(name: string): Promise<void> {
  const now = new Date().toISOString()
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'Succeeded',
    message: 'ended by the test',
    lastTransitionTime: now,
  })
  const metrics = { inContextMiou: 42 }
  const status = {
    conditions: [condition('Ready', 'True'), condition('Complete', 'True')],
    metrics: { loss: 1.5, imagesPerSecond: 80 },
    evaluations: [{ name: 'quality', at: 1, key: 'k', metrics }],
  }
  const path = `/apis/neco.dev/v1alpha1/namespaces/${namespace}/necoruns/${name}/status`
  const contentType = 'application/merge-patch+json'
  const answer = await testbed.api({ method: 'PATCH', path, body: { status }, contentType })
  expect(answer.status).toBe(200)
}

const eventually = (what: string, holds: () => Promise<boolean>) =>
  waitUntil({ what, withinMs: 60_000, look: async () => (await holds()) || undefined })

describe('the operator as a program, on a real API server', () => {
  test('creates runs and Jobs of a sweep, exports metrics, and releases its Lease at SIGTERM', async () => {
    const operator = await start('steady')
    await operator.waitForLine('controllers started')
    await apply(aSweep('steady'))
    await eventually('two Jobs', async () => {
      const jobs = await testbed.kubectl.ok(['get', 'jobs', '-n', namespace, '-o', 'name'])
      return jobs.trim().split('\n').length === 2
    })
    expect(await operator.get('health', '/readyz')).toEqual({ status: 200, text: 'Leading\n' })
    await eventually('the series of the sweep', async () => {
      const { text } = await operator.get('metrics', '/metrics')
      return text.includes(
        `neco_sweep_runs{namespace="${namespace}",sweep="steady",state="running"} 2`,
      )
    })
    const { text } = await operator.get('metrics', '/metrics')
    expect(text).toContain(`run="steady-0-r0",sweep="steady",point="0",replicate="0"`)
    expect(text).toContain('loss_student_steepness="10"')
    expect(text).toContain('controller_runtime_reconcile_errors_total{controller="necorun"} 0')
    const startedMs = performance.now()
    expect(await operator.end()).toMatchObject({ exitCode: 0 })
    process.stdout.write(`ended ${Math.round(performance.now() - startedMs)} ms after SIGTERM\n`)
    expect(await field('lease', 'lease-steady', '.spec.holderIdentity')).toBe('')
    const unexpected = (await operator.lines()).filter(({ level }) => level === 'error')
    expect(unexpected).toEqual([])
  })

  test('is replaced by its standby when it is killed, without a duplicate Job', async () => {
    const first = await start('pair-a')
    await first.waitForLine('controllers started')
    const second = await start('pair-b')
    await second.waitForLine('lease has a holder')
    expect(await second.get('health', '/readyz')).toEqual({ status: 200, text: 'Standby\n' })
    first.process.signal('SIGKILL')
    const killedMs = performance.now()
    await apply(aSweep('pair'))
    await second.waitForLine('job created')
    process.stdout.write(
      `the standby acted ${Math.round(performance.now() - killedMs)} ms after the kill, by a lease of ${SHORT_LEASE.durationSeconds} s\n`,
    )
    await second.waitForLine('job created', ({ run }) => run === 'pair-1-r0')
    const jobs = await testbed.kubectl.ok(['get', 'jobs', '-n', namespace, '-o', 'name'])
    expect(jobs.split('\n').filter((name) => name.includes('/pair-'))).toHaveLength(2)
  })

  test('exits with another code when its Lease is taken away', async () => {
    const operator = await start('robbed')
    await operator.waitForLine('controllers started')
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/lease-robbed`
    const body = { spec: { holderIdentity: 'somebody-else', leaseDurationSeconds: 3600 } }
    await testbed.api({ method: 'PATCH', path, body, contentType: 'application/merge-patch+json' })
    expect(await operator.process.ended).toMatchObject({ exitCode: 1 })
    expect(await operator.text()).toContain('lease lost; nothing is written any more')
  })

  test('exports loss, throughput and mIoU of a finished run, with its settings, to a real Prometheus', async () => {
    const operator = await start('scraped')
    await operator.waitForLine('controllers started')
    const { metricsPort } = await operator.waitForLine('listening')
    const targetsFile = `${folder.path}/targets.json`
    await writeFile(targetsFile, JSON.stringify([{ targets: [`127.0.0.1:${metricsPort}`] }]))
    const { prometheus: program } = testbed.programs
    const prometheus = await startPrometheusTestbed({ folder, program, targetsFile })
    try {
      await apply(aSweep('scraped'))
      await operator.waitForLine('job created', ({ run }) => run === 'scraped-0-r0')
      await finish('scraped-0-r0')
      const bySteepness = 'and on (namespace, run) neco_run_info{loss_student_steepness="10"}'
      const answerTo = (query: string): Promise<number> =>
        waitUntil({
          what: query,
          withinMs: 60_000,
          look: async () => (await prometheus.query(query))[0]?.value,
        })
      expect(await answerTo(`neco_result_loss{run="scraped-0-r0"} ${bySteepness}`)).toBe(1.5)
      expect(await answerTo('neco_result_images_per_second{run="scraped-0-r0"}')).toBe(80)
      const miou = 'neco_result_miou_ratio{run="scraped-0-r0",protocol="in-context",at="1"}'
      expect(await answerTo(miou)).toBe(0.42)
      expect(await answerTo('count(neco_run_state{run=~"scraped-.*"})')).toBe(2)
      await testbed.kubectl.ok(['delete', 'necosweep', 'scraped', '-n', namespace])
      await eventually('the series are gone', async () => {
        const left = await prometheus.query('neco_run_info{sweep="scraped"}')
        return left.length === 0
      })
    } finally {
      await prometheus.close()
    }
  })

  test('passes promtool check metrics', async () => {
    const operator = await start('linted')
    await operator.waitForLine('controllers started')
    await apply(aSweep('linted'))
    await operator.waitForLine('job created')
    const { text } = await operator.get('metrics', '/metrics')
    const child = promisify(execFile)(testbed.programs.promtool, ['check', 'metrics'])
    child.child.stdin?.end(text)
    expect(await child).toEqual({ stdout: '', stderr: '' })
  })
})

describe('bad input of the operator', () => {
  const refusal = async (operator: OperatorProcess): Promise<string> => {
    const end = await operator.process.ended
    expect(end).toMatchObject({ exitCode: 2 })
    return (await operator.text()).trimEnd().split('\n').at(-1) ?? ''
  }

  test('is an account without permissions: the error names the missing one', async () => {
    const operator = await start('stranger', {}, testbed.kubeconfig('stranger'))
    expect(await refusal(operator)).toMatch(
      /^neco-operator: this account may not list necoruns in namespace operator-.*bind the role of the chart/,
    )
  })

  test('is a token that the API server does not know: the error says so', async () => {
    const kubeconfig = `${folder.path}/unknown.kubeconfig`
    const cluster = { server: testbed.url, 'certificate-authority': testbed.caFile }
    const config = {
      clusters: [{ name: 'c', cluster }],
      users: [{ name: 'u', user: { token: 'nobody' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }
    await writeFile(kubeconfig, JSON.stringify(config))
    const operator = await start('unknown', {}, kubeconfig)
    expect(await refusal(operator)).toMatch(
      /^neco-operator: the API server does not know who this is: renew the credentials/,
    )
  })

  test('is a NATS that refuses the credentials, or has no JetStream: the log names it, and runs continue', async () => {
    const nats = await startNatsTestbed({ folder, program: testbed.programs['nats-server'] })
    const plain = await startNatsTestbed({
      folder,
      program: testbed.programs['nats-server'],
      name: 'plain',
      jetStream: 'None',
    })
    const buildConfig = (server: typeof nats, credentialsFile: string) => ({
      nats: {
        servers: [server.url],
        caFile: server.caFile,
        credentialsFile,
        accountSigningKeyFile: server.accountSigningSeedFile,
      },
    })
    try {
      const wrong = await start('wrong', buildConfig(nats, nats.untrustedCredsFile))
      const without = await start('without', buildConfig(plain, plain.operatorCredsFile))
      const right = await start('right', buildConfig(nats, nats.operatorCredsFile))
      const degraded = 'bus is degraded; runs continue'
      expect(await wrong.waitForLine(degraded)).toMatchObject({ code: 'BusUnauthorized' })
      expect(await without.waitForLine(degraded)).toMatchObject({ code: 'BusWithoutJetStream' })
      for (const operator of [wrong, without, right])
        await operator.waitForLine('controllers started')
      const connected = async (operator: OperatorProcess): Promise<string | undefined> =>
        (await operator.get('metrics', '/metrics')).text.match(/^neco_bus_connected \d/m)?.[0]
      expect(await connected(wrong)).toBe('neco_bus_connected 0')
      expect(await connected(right)).toBe('neco_bus_connected 1')
    } finally {
      await nats.close()
      await plain.close()
    }
  })
})

describe('an API server of its own', () => {
  test('without the CRDs makes the operator log how to install them; unreachable, it is waited for', async () => {
    const own = await testbed.startOwnTestbed({ crds: false })
    const startThere = async (name: string) => {
      const kubeconfig = own.controlPlane.kubeconfig('admin')
      const operator = await startOperator({ folder, name, kubeconfig })
      operators.push(operator)
      return operator
    }
    try {
      const bare = await startThere('bare')
      expect(await bare.process.ended).toMatchObject({ exitCode: 2 })
      expect(await bare.text()).toContain(
        'the CRDs of neco.dev (necoruns.neco.dev and necosweeps.neco.dev) are not',
      )
      await own.kubectl.ok(['apply', '--server-side', '-f', 'crds/generated/necoruns.yaml'])
      await own.kubectl.ok(['apply', '--server-side', '-f', 'crds/generated/necosweeps.yaml'])
      const crds = ['crd/necoruns.neco.dev', 'crd/necosweeps.neco.dev']
      await own.kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', ...crds])
      await own.controlPlane.stopApiServer('Killed')
      const waiting = await startThere('waiting')
      await waiting.waitForLine('API server is away; it is tried again')
      expect((await waiting.get('health', '/healthz')).status).toBe(200)
      await own.controlPlane.startApiServer()
      await waiting.waitForLine('controllers started')
      expect((await waiting.get('health', '/readyz')).text).toBe('Leading\n')
    } finally {
      await own.close()
    }
  })
})
