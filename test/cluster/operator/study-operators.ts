import { writeFile } from 'node:fs/promises'
import { parse } from 'yaml'
import { OPERATOR, type StudyFixture } from '../sweeps/study-fixture.ts'
import { kubeconfigText } from '../testbed/kubeconfig.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import type { TestbedFolder } from '../testbed/testbed-folder.ts'
import { failIfEnded } from '../testbed/testbed-process.ts'
import { type OperatorProcess, startOperator } from './operator-process.ts'

/** An operator of a fixture, as a process of the test. */
export interface StudyOperator extends OperatorProcess {
  /** The id of its token in the audit log, which no other process has. */
  readonly credential: string
}

export interface StudyOperators {
  /**
   * Starts one with the account, the rights and the configuration of the chart; resolves when it
   * takes part in the election, under its name.
   */
  start(name: string): Promise<StudyOperator>
  /**
   * Kills one without a chance to release its Lease, as a lost machine, and expires the Lease at
   * once.
   */
  lose(operator: StudyOperator): Promise<void>
  /** Stops the running ones gracefully. */
  close(): Promise<void>
}

/** The configuration of the chart, with files of this machine in place of mounted ones. */
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

/** The id of a token, as the audit log has it. */
function parseCredentialId(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return `JTI=${(JSON.parse(payload) as { jti: string }).jti}`
}

/** Runs operators of a fixture that was opened without a Deployment. */
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

/** As a lost machine: without releasing its Lease, which expires by itself. */
export async function killOperator({ process }: StudyOperator): Promise<void> {
  process.signal('SIGKILL')
  await process.ended
}
