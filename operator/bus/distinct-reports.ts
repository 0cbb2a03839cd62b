import type { RunReport } from '../../contract/run-report.ts'

/** Which sequence numbers of one pod were received: all up to one, and some beyond. */
interface ReceivedSequences {
  upTo: number
  readonly beyond: Set<number>
}

/** Passes each report once, however often it comes. */
function createReportFilter(): (report: RunReport) => boolean {
  const receivedByPod = new Map<string, ReceivedSequences>()
  return ({ podUid, sequence }) => {
    const entry = receivedByPod.get(podUid) ?? { upTo: 0, beyond: new Set() }
    receivedByPod.set(podUid, entry)
    if (sequence <= entry.upTo || entry.beyond.has(sequence)) return false
    entry.beyond.add(sequence)
    while (entry.beyond.delete(entry.upTo + 1)) entry.upTo++
    return true
  }
}

/** The same reports, each once, by the time of their pod's first and then by number. */
export function distinctReports(reports: readonly RunReport[]): readonly RunReport[] {
  const isNew = createReportFilter()
  const pods = new Map<string, RunReport[]>()
  for (const report of reports) {
    if (isNew(report)) append(pods, report)
  }
  return [...pods.values()]
    .map((entry) => entry.sort((a, b) => a.sequence - b.sequence))
    .sort(([a], [b]) => (a?.wallTime ?? '').localeCompare(b?.wallTime ?? ''))
    .flat()
}

function append(pods: Map<string, RunReport[]>, report: RunReport): void {
  const entry = pods.get(report.podUid)
  if (entry === undefined) pods.set(report.podUid, [report])
  else entry.push(report)
}
