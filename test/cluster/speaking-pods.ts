import { readFile } from 'node:fs/promises'
import { connect, credsAuthenticator, type NatsConnection } from 'nats'
import type { Heartbeat } from '../../contract/bus-messages.ts'
import {
  type AttemptAddress,
  buildProgressKey,
  buildProgressSubject,
} from '../../contract/bus-names.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { LABELS } from '../../crds/names.ts'
import type { NatsBed } from './bed/nats-bed.ts'
import type { SharedBed } from './bed/shared-bed.ts'
import type { Pod } from './kubelet/pod-object.ts'

/** Says for pods of a script, at their end, what real ones say: that all has been said. */
export interface LastWords {
  say(pod: Pod): Promise<void>
  close(): Promise<void>
}

async function addressOf(bed: SharedBed, { metadata }: Pod): Promise<AttemptAddress> {
  const { namespace = '', labels = {} } = metadata
  const path = `/apis/neco.dev/v1alpha1/namespaces/${namespace}/necoruns/${labels[LABELS.run]}`
  const { metadata: run } = JSON.parse((await bed.api({ path })).text)
  const [key = '', attempt] = [labels[LABELS.task], labels[LABELS.attempt]]
  const name = key.replace(/^evaluation\./, '')
  const task = key === name ? TRAINING : { kind: 'Evaluation' as const, name }
  return { namespace, runUid: run.uid, task, attempt: Number(attempt) }
}

const lastBeat = ({ metadata }: Pod, { attempt }: AttemptAddress): Heartbeat => ({
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

async function connectTo(nats: NatsBed): Promise<NatsConnection> {
  return connect({
    servers: [nats.url],
    authenticator: credsAuthenticator(await readFile(nats.operatorCredsFile)),
    tls: { caFile: nats.caFile },
  })
}

/** Speaks for the pods of a ground. */
export async function lastWords(bed: SharedBed, nats: NatsBed): Promise<LastWords> {
  const connection = await connectTo(nats)
  return {
    async say(pod) {
      const address = await addressOf(bed, pod)
      const subject = buildProgressSubject(buildProgressKey(address))
      connection.publish(subject, JSON.stringify(lastBeat(pod, address)))
      await connection.flush()
    },
    close: () => connection.close(),
  }
}
