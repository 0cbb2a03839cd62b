import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import { buildRunReportsSubject, REPORT_STREAM, type RunAddress } from '../../contract/bus-names.ts'
import { RunReport } from '../../contract/run-report.ts'
import { distinctReports } from './distinct-reports.ts'

function parseRunReport(text: string): RunReport | undefined {
  try {
    return RunReport.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** All reports of a run that are in the stream now, each once. Throws what the client throws. */
export async function readReports(
  connection: NatsConnection,
  run: RunAddress,
): Promise<readonly RunReport[]> {
  const texts = await fetchMessageTexts(jetstream(connection), buildRunReportsSubject(run))
  return distinctReports(texts.flatMap((text) => parseRunReport(text) ?? []))
}

const FETCH_BATCH_SIZE = 1000
/** What is pending comes at once, unless it has become too old meanwhile. */
const FETCH_EXPIRES_MS = 5000

async function fetchMessageTexts(stream: JetStreamClient, subject: string): Promise<string[]> {
  const consumer = await stream.consumers.get(REPORT_STREAM, { filter_subjects: subject })
  let { num_pending: pending } = await consumer.info()
  const texts: string[] = []
  while (pending > 0) {
    const before = texts.length
    const fetchOptions = {
      max_messages: Math.min(pending, FETCH_BATCH_SIZE),
      expires: FETCH_EXPIRES_MS,
    }
    for await (const message of await consumer.fetch(fetchOptions)) {
      texts.push(message.string())
      pending = message.info.pending
    }
    if (texts.length === before) break
  }
  return texts
}
