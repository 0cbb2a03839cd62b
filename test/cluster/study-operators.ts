import { writeFile } from 'node:fs/promises'
import { parse } from 'yaml'
import type { BedFolder } from './bed/bed-folder.ts'
import { whileRunning } from './bed/bed-process.ts'
import { kubeconfigText } from './bed/kubeconfig.ts'
import type { SharedBed } from './bed/shared-bed.ts'
import { type OperatorProcess, startOperator } from './operator-process.ts'
import { OPERATOR, type StudyGround } from './study-ground.ts'

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
async function configOf(bed: SharedBed, { system, nats }: StudyGround) {
  const words = ['get', 'configmap', OPERATOR, '-n', system, '-o', 'json']
  const { data } = JSON.parse(await bed.kubectl.ok(words)) as { data: Record<string, string> }
  const config = parse(data['config.yaml'] ?? '') as Record<string, object>
  const { nats: told } = config
  if (told === undefined) return config
  return {
    ...config,
    nats: {
      ...told,
      caFile: nats.caFile,
      credentialsFile: nats.operatorCredsFile,
      accountSigningKeyFile: nats.accountSigningSeedFile,
    },
  }
}

/** The id of a token, as the API server notes it. */
function credentialOf(token: string): string {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return `JTI=${(JSON.parse(payload) as { jti: string }).jti}`
}

/** Runs operators of a ground that was opened without a Deployment. */
export function studyOperators(bed: SharedBed, ground: StudyGround): StudyOperators {
  const { system, folder } = ground
  const running: StudyOperator[] = []
  return {
    async start(name) {
      const token = await bed.serviceAccountToken(system, OPERATOR)
      const kubeconfig = await writeKubeconfig(bed, { folder, name, token })
      const operator = await startOperator({
        folder,
        name,
        kubeconfig,
        config: { ...(await configOf(bed, ground)), ports: { metrics: 0, health: 0 } },
        environment: { POD_NAMESPACE: system },
      })
      const started = { ...operator, credential: credentialOf(token) }
      running.push(started)
      await whileRunning(operator.process, operator.said('lease has a holder'))
      return started
    },
    async lose(operator) {
      await kill(operator)
      const path = `/apis/coordination.k8s.io/v1/namespaces/${system}/leases/${OPERATOR}`
      await bed.api({ method: 'DELETE', path })
    },
    async close() {
      await Promise.all(running.splice(0).map((operator) => operator.end()))
    },
  }
}

interface Access {
  readonly folder: BedFolder
  readonly name: string
  readonly token: string
}

async function writeKubeconfig(
  { url, caFile }: SharedBed,
  { folder, name, token }: Access,
): Promise<string> {
  const path = `${folder.path}/${name}.kubeconfig`
  await writeFile(path, kubeconfigText({ url, caFile, user: name, token }), { mode: 0o600 })
  return path
}

/** As a lost machine does: without a last word; its Lease goes on for its time. */
export async function kill({ process }: StudyOperator): Promise<void> {
  process.signal('SIGKILL')
  await process.ended
}
