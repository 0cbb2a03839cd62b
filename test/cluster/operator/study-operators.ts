import { writeFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { OPERATOR, type StudyFixture } from '../sweeps/study-fixture.ts'
import { kubeconfigText } from '../testbed/kubeconfig.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import type { TestbedFolder } from '../testbed/testbed-folder.ts'
import { failIfEnded } from '../testbed/testbed-process.ts'
import { type OperatorProcess, startOperator } from './operator-process.ts'

/** An operator of a ground, as a process of the test. */
export interface StudyOperator extends OperatorProcess {
  /** What the audit log calls its token, which no other process has. */
  readonly credential: string
}

export interface StudyOperators {
  /** Starts one with the account, the rights and the configuration of the chart; resolves when it stands for election. Its name tells it apart. */
  start(name: string): Promise<StudyOperator>
  /** Kills one as a lost machine does, without a last word, and lets its Lease lapse at once, which would take its time. */
  lose(operator: StudyOperator): Promise<void>
  /** Ends those that run, in good order. */
  close(): Promise<void>
}

/** What the chart tells the operator, with files of this machine in place of mounted ones. */
async function buildOperatorConfig(testbed: SharedTestbed, { system, nats }: StudyFixture) {
  const args = ['get', 'configmap', OPERATOR, '-n', system, '-o', 'json']
  const { data } = JSON.parse(await testbed.kubectl.ok(args)) as { data: Record<string, string> }
  const config = parse(data['config.yaml'] ?? '') as Record<string, object>
  const { nats: configData } = config
  if (configData === undefined) return config
  return {
    ...config,
    nats: {
      ...configData,
      caFile: nats.caFile,
      credentialsFile: nats.operatorCredsFile,
      accountSigningKeyFile: nats.accountSigningSeedFile,
    },
  }
}

/** The id of a token, as the API server notes it. */
function parseCredentialId(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return `JTI=${(JSON.parse(payload) as { jti: string }).jti}`
}

/** Runs operators of a ground that was opened without a Deployment. */
export function createStudyOperators(
  testbed: SharedTestbed,
  fixture: StudyFixture,
): StudyOperators {
  const { system, folder } = fixture
  const running: StudyOperator[] = []
  return {
    async start(name) {
      const token = await testbed.serviceAccountToken(system, OPERATOR)
      const kubeconfig = await writeKubeconfig(testbed, { folder, name, token })
      const operator = await startOperator({
        folder,
        name,
        kubeconfig,
        config: {
          ...(await buildOperatorConfig(testbed, fixture)),
          ports: { metrics: 0, health: 0 },
        },
        environment: { POD_NAMESPACE: system },
      })
      const started = { ...operator, credential: parseCredentialId(token) }
      running.push(started)
      await failIfEnded(operator.process, operator.waitForLine('lease has a holder'))
      return started
    },
    async lose(operator) {
      await killOperator(operator)
      const path = `/apis/coordination.k8s.io/v1/namespaces/${system}/leases/${OPERATOR}`
      await testbed.api({ method: 'DELETE', path })
    },
    async close() {
      await Promise.all(running.splice(0).map((operator) => operator.end()))
    },
  }
}

interface OperatorAccess {
  readonly folder: TestbedFolder
  readonly name: string
  readonly token: string
}

async function writeKubeconfig(
  { url, caFile }: SharedTestbed,
  { folder, name, token }: OperatorAccess,
): Promise<string> {
  const path = `${folder.path}/${name}.kubeconfig`
  await writeFile(path, kubeconfigText({ url, caFile, user: name, token }), { mode: 0o600 })
  return path
}

/** As a lost machine does: without a last word; its Lease goes on for its time. */
export async function killOperator({ process }: StudyOperator): Promise<void> {
  process.signal('SIGKILL')
  await process.ended
}
