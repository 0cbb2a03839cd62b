import { readFile } from 'node:fs/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, credsAuthenticator } from 'nats'
import {
  buildRunReportsSubject,
  REPORT_STREAM,
  type RunAddress,
} from '../../../contract/bus-names.ts'
import type { RunReport } from '../../../contract/run-report.ts'
import { readReports } from '../../../operator/bus/read-reports.ts'
import { readSpoolMark } from '../../../pod/bus/spool-mark.ts'
import { folderStorage } from '../../../pod/folder-storage.ts'
import { readSpool } from '../../../pod/spool.ts'
import { attemptsFolder, RUNS_FOLDER, spoolMarkPath } from '../../../pod/storage-layout.ts'
import type { NatsTestbed } from '../testbed/nats-testbed.ts'

/** What the stream has of a run. */
export interface StreamedReports {
  /** Each once, as everybody reads them. */
  readonly reports: readonly RunReport[]
  /** How many messages the server holds: more than reports where one was stored twice. */
  readonly messages: number
}

/** All reports of a run that are in the stream. */
export async function readStreamedReports(
  nats: NatsTestbed,
  run: RunAddress,
): Promise<StreamedReports> {
  const connection = await connect({
    servers: [nats.url],
    authenticator: credsAuthenticator(await readFile(nats.operatorCredsFile)),
    tls: { caFile: nats.caFile },
  })
  try {
    const manager = await jetstreamManager(connection)
    const { state } = await manager.streams.info(REPORT_STREAM, {
      subjects_filter: buildRunReportsSubject(run),
    })
    const messages = Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
    return { reports: await readReports(connection, run), messages }
  } finally {
    await connection.close()
  }
}

/** All reports that the pods of a run wrote to their spools. */
export async function readSpooledReports(
  root: string,
  runUid: string,
): Promise<readonly RunReport[]> {
  const storage = folderStorage(root)
  const found: RunReport[] = []
  for (const key of await storage.list(RUNS_FOLDER)) {
    for (const attempt of await storage.list(attemptsFolder(key))) {
      const folder = `${attemptsFolder(key)}/${attempt}`
      const mark = await readSpoolMark(storage, spoolMarkPath(folder))
      if (mark?.runUid === runUid) found.push(...(await readSpool(storage, folder)))
    }
  }
  return found
}

/** What tells a report from every other, in an order of its own. */
export const reportIds = (reports: readonly RunReport[]): readonly string[] =>
  reports.map(({ podUid, sequence, kind }) => `${podUid} ${sequence} ${kind}`).sort()
