import { readFile } from 'node:fs/promises'
import { connect, credsAuthenticator, type NatsConnection } from 'nats'
import { readObject } from '../../kube/client/read-object.ts'
import { readReports } from '../../operator/bus/read-reports.ts'
import { toBusError } from '../../operator/bus/to-bus-error.ts'
import { RUN_RESOURCE } from '../../operator/cluster/kubernetes-objects.ts'
import type { StoredRun } from '../../operator/ports/objects.ts'
import { buildLossCurve } from '../../pod/reader/read-curve.ts'
import { InputError } from '../input-error.ts'
import type { StudyResults } from '../report/study-results.ts'
import type { StudyArtifacts } from '../study-platform.ts'
import type { Cluster } from './open-cluster.ts'
import { selectPlottedRuns } from './select-plotted-runs.ts'

/** How to reach NATS from this machine. */
export interface BusAccess {
  readonly url: string
  readonly credentialsFile: string
  readonly caFile: string | undefined
}

const CONNECT_TIMEOUT_MS = 5000

async function connectBus({ url, credentialsFile, caFile }: BusAccess): Promise<NatsConnection> {
  const credentials = await readFile(credentialsFile)
  return connect({
    servers: [url],
    name: 'neco',
    authenticator: credsAuthenticator(credentials),
    ...(caFile === undefined ? {} : { tls: { caFile } }),
    timeout: CONNECT_TIMEOUT_MS,
    maxReconnectAttempts: 2,
  })
}

/** Reads curves from JetStream. Throws InputError where it cannot be reached. */
export async function gatherFromBus(
  { api, namespace }: Cluster,
  study: StudyResults,
  access: BusAccess,
): Promise<StudyArtifacts> {
  const curves = new Map<string, ReturnType<typeof buildLossCurve>>()
  let connection: NatsConnection | undefined
  try {
    connection = await connectBus(access)
    for (const { name } of selectPlottedRuns(study)) {
      const run = await readObject<StoredRun>(api, RUN_RESOURCE, { namespace, name })
      if (run === undefined) continue
      const reports = await readReports(connection, { namespace, runUid: run.metadata.uid })
      curves.set(name, buildLossCurve(reports))
    }
    return { curves, files: new Map() }
  } catch (error) {
    if (error instanceof InputError) throw error
    const { message } = toBusError(error, [access.url])
    throw new InputError([`${message}; without --nats-url a Job in the cluster reads the curves`], {
      cause: error,
    })
  } finally {
    await connection?.close()
  }
}
