import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from 'nats'
import { REPORT_STREAM, type RunAddress, reportsOfRun } from '../../crds/bus-names.ts'
import { RunReport } from '../../crds/run-report.ts'
import { distinctReports } from './heard-reports.ts'

function parse(text: string): RunReport | undefined {
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
  const texts = await readTexts(jetstream(connection), reportsOfRun(run))
  return distinctReports(texts.flatMap((text) => parse(text) ?? []))
}

async function readTexts(stream: JetStreamClient, subject: string): Promise<string[]> {
  const consumer = await stream.consumers.get(REPORT_STREAM, { filter_subjects: subject })
  const { num_pending: pending } = await consumer.info()
  const texts: string[] = []
  if (pending === 0) return texts
  for await (const message of await consumer.consume()) {
    texts.push(message.string())
    if (message.info.pending === 0) break
  }
  return texts
}
