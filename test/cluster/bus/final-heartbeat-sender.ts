import { readFile } from 'node:fs/promises'
import { connect, credsAuthenticator, type NatsConnection } from 'nats'
import type { Heartbeat } from '../../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildProgressKey,
  buildProgressSubject,
} from '../../../contract/bus-names.ts'
import { TRAINING } from '../../../contract/task-address.ts'
import { LABELS } from '../../../crds/names.ts'
import type { Pod } from '../kubelet/pod-object.ts'
import type { NatsTestbed } from '../testbed/nats-testbed.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'

/**
 * Sends for scripted pods, at their end, the final heartbeat of real ones: all reports are shipped.
 */
export interface FinalHeartbeatSender {
  send(pod: Pod): Promise<void>
  close(): Promise<void>
}

async function findAttemptAddress(
  testbed: SharedTestbed,
  { metadata }: Pod,
): Promise<AttemptAddress> {
  const { namespace = '', labels = {} } = metadata
  const path = `/apis/neco.dev/v1alpha1/namespaces/${namespace}/necoruns/${labels[LABELS.run]}`
  const { metadata: run } = JSON.parse((await testbed.api({ path })).text)
  const [key = '', attempt] = [labels[LABELS.task], labels[LABELS.attempt]]
  const name = key.replace(/^evaluation\./, '')
  const task = key === name ? TRAINING : { kind: 'Evaluation' as const, name }
  return { namespace, runUid: run.uid, task, attempt: Number(attempt) }
}

const buildFinalHeartbeat = ({ metadata }: Pod, { attempt }: AttemptAddress): Heartbeat => ({
  schemaVersion: 1,
  run: metadata.labels?.[LABELS.run] ?? '',
  attempt,
  podUid: metadata.uid ?? '',
  wallTime: new Date().toISOString(),
  step: 10,
  totalSteps: 10,
  imagesSeen: 40,
  unshipped: 0,
  hasEnded: true,
})

async function connectTo(nats: NatsTestbed): Promise<NatsConnection> {
  return connect({
    servers: [nats.url],
    authenticator: credsAuthenticator(await readFile(nats.operatorCredsFile)),
    tls: { caFile: nats.caFile },
  })
}

/** Connects on behalf of the pods of a fixture. */
export async function openFinalHeartbeatSender(
  testbed: SharedTestbed,
  nats: NatsTestbed,
): Promise<FinalHeartbeatSender> {
  const connection = await connectTo(nats)
  return {
    async send(pod) {
      const address = await findAttemptAddress(testbed, pod)
      const subject = buildProgressSubject(buildProgressKey(address))
      connection.publish(subject, JSON.stringify(buildFinalHeartbeat(pod, address)))
      await connection.flush()
    },
    close: () => connection.close(),
  }
}
