import type { NeCoRun, TaskStatus } from '../crds/necorun.ts'
import type { AuditEntry } from '../test/cluster/operator/audit-log.ts'

const POD_SUFFIX = /-[a-z0-9]{5}$/
const ATTEMPT = /^(?<run>.+-r\d+)(?:-e(?<evaluation>\d+))?-a(?<attempt>\d+)$/

interface AuditedPodEnd {
  readonly run: string
  /** 0 is the training. */
  readonly task: number
  readonly attempt: number
  readonly atMs: number
}

/** When the API server received the final pod status of each attempt from the kubelet. */
function listAuditedPodEnds(entries: readonly AuditEntry[]): readonly AuditedPodEnd[] {
  const last = new Map<string, number>()
  for (const { user, resource, subresource, name, receivedMs } of entries) {
    if (user !== 'kubelet' || resource !== 'pods' || subresource !== 'status') continue
    last.set(name.replace(POD_SUFFIX, ''), receivedMs)
  }
  return [...last].flatMap(([job, atMs]) => {
    const { run, evaluation, attempt } = ATTEMPT.exec(job)?.groups ?? {}
    if (run === undefined) return []
    const task = evaluation === undefined ? 0 : Number(evaluation) + 1
    return [{ run, task: task, attempt: Number(attempt), atMs }]
  })
}

const isRecorded = (task: TaskStatus | undefined, attempt: number): boolean =>
  task !== undefined &&
  (task.attempt > attempt || (task.attempt === attempt && task.state !== 'Running'))

export const isRunStatus = ({ resource, subresource, verb, status }: AuditEntry): boolean =>
  resource === 'necoruns' && subresource === 'status' && verb === 'patch' && status === 200

/**
 * Milliseconds from each pod's end at the API server to the answered status write that records it.
 * Throws where no status records an end.
 */
export function computeEventToWriteMs(entries: readonly AuditEntry[]): readonly number[] {
  const byRun = Map.groupBy(entries.filter(isRunStatus), ({ name }) => name)
  return listAuditedPodEnds(entries).map(({ run, task, attempt, atMs }) => {
    const answer = byRun.get(run)?.find(({ body }) => {
      const { status } = body as NeCoRun
      return isRecorded(status?.tasks?.[task], attempt)
    })
    if (answer === undefined) throw new Error(`${run}, work ${task}, attempt ${attempt}: no status`)
    return answer.answeredMs - atMs
  })
}
