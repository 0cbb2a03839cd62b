import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CHART, createHelm } from '../chart/helm.ts'
import { kubeconfigText } from '../testbed/kubeconfig.ts'
import { makeLocalClaim } from '../testbed/local-claim.ts'
import { type NatsTestbed, startNatsTestbed } from '../testbed/nats-testbed.ts'
import { sharedTestbed } from '../testbed/shared-testbed.ts'
import type { Testbed } from '../testbed/testbed.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type OperatorProcess, startOperator } from './operator-process.ts'

const SYSTEM = 'neco-system'
const NAME = 'neco-neco-operator'
const ACCOUNT = `system:serviceaccount:${SYSTEM}:${NAME}`

let ownTestbed: Testbed
let nats: NatsTestbed
let operator: OperatorProcess
beforeAll(async () => {
  ownTestbed = await sharedTestbed().startOwnTestbed({ crds: false })
  nats = await startNatsTestbed({
    folder: ownTestbed.folder,
    program: ownTestbed.programs['nats-server'],
  })
  await install()
  await makeLocalClaim(ownTestbed.kubectl, {
    namespace: 'default',
    name: 'neco',
    path: `${ownTestbed.folder.path}/storage`,
  })
  operator = await startOperator({
    folder: ownTestbed.folder,
    name: 'chart-operator',
    kubeconfig: await writeAccountKubeconfig(),
    config: await renderedConfig(),
    environment: { POD_NAMESPACE: SYSTEM },
  })
})
afterAll(async () => {
  await operator?.end()
  await nats?.close()
  await ownTestbed.close()
})

/** The chart with its defaults but no replicas: the operator of this test is no pod. */
async function install(): Promise<void> {
  const helm = createHelm({
    program: ownTestbed.programs.helm,
    folder: ownTestbed.folder.path,
    kubeconfig: ownTestbed.controlPlane.kubeconfig('admin'),
  })
  const values = await helm.valuesFile({
    replicas: 0,
    logLevel: 'debug',
    defaults: { storage: { claim: 'neco' } },
    nats: {
      servers: [nats.url],
      account: nats.account,
      credentials: { secretName: 'nats-user' },
      signingKey: { secretName: 'nats-signing' },
      ca: { secretName: 'nats-ca' },
    },
  })
  await helm.ok(['install', 'neco', CHART, '-n', SYSTEM, '--create-namespace', '--values', values])
  const crds = ['crd/necoruns.neco.dev', 'crd/necosweeps.neco.dev']
  await ownTestbed.kubectl.ok(['wait', '--for=condition=Established', '--timeout=60s', ...crds])
}

async function writeAccountKubeconfig(): Promise<string> {
  const { url, caFile } = ownTestbed.controlPlane
  const token = await ownTestbed.controlPlane.serviceAccountToken(SYSTEM, NAME)
  const path = `${ownTestbed.folder.path}/account.kubeconfig`
  await writeFile(path, kubeconfigText({ url, caFile, user: NAME, token }))
  return path
}

/** The configuration of the chart, with the NATS files of this machine. */
async function renderedConfig(): Promise<Readonly<Record<string, unknown>>> {
  const args = ['get', 'configmap', NAME, '-n', SYSTEM, '-o', 'jsonpath={.data.config\\.yaml}']
  const config = parse(await ownTestbed.kubectl.ok(args)) as { readonly nats: object }
  return {
    ...config,
    ports: { metrics: 0, health: 0 },
    nats: {
      ...config.nats,
      caFile: nats.caFile,
      credentialsFile: nats.operatorCredsFile,
      accountSigningKeyFile: nats.accountSigningSeedFile,
    },
  }
}

const aSweep = {
  apiVersion: 'neco.dev/v1alpha1',
  kind: 'NeCoSweep',
  metadata: { name: 'rights', namespace: 'default' },
  spec: {
    axes: [{ parameter: 'loss.studentSteepness', values: [10, 100] }],
    parallelism: 2,
    run: { data: { kind: 'Scenes', count: 4 } },
  },
}

interface AuditLine {
  readonly user: { readonly username: string }
  readonly verb: string
  readonly requestURI: string
  readonly responseStatus?: { readonly code?: number }
}

async function listAccountRequests(): Promise<readonly AuditLine[]> {
  const text = await readFile(ownTestbed.controlPlane.auditLog, 'utf8')
  return text
    .split('\n')
    .filter((line) => line.includes(ACCOUNT))
    .flatMap((line) => {
      const event = JSON.parse(line) as AuditLine
      return event.user.username === ACCOUNT ? [event] : []
    })
}

const jobsAndSecrets = async (): Promise<readonly string[]> => {
  const args = ['get', 'jobs,secrets', '-n', 'default', '-o', 'name']
  return (await ownTestbed.kubectl.ok(args)).split('\n').filter((name) => name.includes('rights-'))
}

const untilThere = (count: number) =>
  waitUntil({
    what: `${count} Jobs and Secrets`,
    withinMs: 60_000,
    look: async () => ((await jobsAndSecrets()).length === count ? true : undefined),
  })

test('the operator works with the configuration and the permissions of the chart, no request is forbidden', async () => {
  await operator.waitForLine('controllers started')
  await ownTestbed.kubectl.ok(['apply', '-f', '-'], { input: JSON.stringify(aSweep) })
  await untilThere(4)
  const suspend = { spec: { suspend: true } }
  const patch = ['patch', 'necosweep', 'rights', '--type=merge', '-p', JSON.stringify(suspend)]
  await ownTestbed.kubectl.ok(patch)
  await untilThere(0)
  const isSuspended = `jsonpath={.status.conditions[?(@.type=="Ready")].reason}=Suspended`
  await ownTestbed.kubectl.ok(['wait', 'necosweep/rights', `--for=${isSuspended}`, '--timeout=60s'])
  const requests = await listAccountRequests()
  expect(requests.length).toBeGreaterThan(20)
  const refused = requests.filter(({ responseStatus }) => responseStatus?.code === 403)
  expect(refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`)).toEqual([])
  const reads = requests.filter(({ verb, requestURI }) =>
    requestURI.includes('/secrets') ? !['create', 'delete'].includes(verb) : false,
  )
  expect(reads).toEqual([])
})

test('no line of its log at level trace contains credentials of pods', async () => {
  const text = await operator.text()
  expect(text).toContain('job created')
  expect(text).not.toMatch(/eyJ[\w-]{20,}|SU[A-Z2-7]{56}/)
  const seed = (await readFile(nats.accountSigningSeedFile, 'utf8')).trim()
  expect(text).not.toContain(seed)
})
