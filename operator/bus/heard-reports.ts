import type { RunReport } from '../../contract/run-report.ts'

/** Which sequence numbers of one pod were heard: all up to one, and some beyond. */
interface Heard {
  upTo: number
  readonly beyond: Set<number>
}

/** Remembers which reports were heard, so that one that comes again is counted once. */
function heardReports(): (report: RunReport) => boolean {
  const heard = new Map<string, Heard>()
  return ({ podUid, sequence }) => {
    const of = heard.get(podUid) ?? { upTo: 0, beyond: new Set() }
    heard.set(podUid, of)
    if (sequence <= of.upTo || of.beyond.has(sequence)) return false
    of.beyond.add(sequence)
    while (of.beyond.delete(of.upTo + 1)) of.upTo++
    return true
  }
}

/** The same reports, each once, by the time of their pod's first and then by number. */
export function distinctReports(reports: readonly RunReport[]): readonly RunReport[] {
  const isNew = heardReports()
  const pods = new Map<string, RunReport[]>()
  for (const report of reports) {
    if (isNew(report)) append(pods, report)
  }
  return [...pods.values()]
    .map((of) => of.sort((a, b) => a.sequence - b.sequence))
    .sort(([a], [b]) => (a?.wallTime ?? '').localeCompare(b?.wallTime ?? ''))
    .flat()
}

function append(pods: Map<string, RunReport[]>, report: RunReport): void {
  const of = pods.get(report.podUid)
  if (of === undefined) pods.set(report.podUid, [report])
  else of.push(report)
}
