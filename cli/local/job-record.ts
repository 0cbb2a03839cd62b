import type { TerminationMessage } from '../../contract/run-report.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { JobRequest } from '../../operator/ports/job-request.ts'
import type { ObservedJob, PodFailureCause } from '../../operator/ports/observed-job.ts'
import type { ProcessExit } from './child-process.ts'
import type { ProcessIdentity } from './process-identity.ts'

/** A Job and its process, as the journal stores them. */
export interface JobRecord {
  readonly request: JobRequest
  /** The UID of the Job and of its one pod. */
  readonly uid: string
  readonly state: ObservedJob['state']
  readonly isEnding: boolean
  readonly createdMs: number
  readonly startedMs?: number
  readonly endedMs?: number
  readonly process?: ProcessIdentity
  readonly exitCode?: number
  readonly cause?: PodFailureCause
  readonly termination?: TerminationMessage
}

export const toJobKey = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`

/** Signals that other processes send; any other signal is a fault of the process itself. */
const EXTERNAL_SIGNALS = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'])
const FAULT_EXIT_CODE = 1

/** How a process ended, in terms of a Job: an exit code, or the cause where there is none. */
export function classifyJobExit({
  exitCode,
  signal,
}: ProcessExit): Pick<JobRecord, 'exitCode' | 'cause'> {
  if (exitCode !== undefined) return { exitCode }
  return signal === undefined || EXTERNAL_SIGNALS.has(signal)
    ? { cause: 'Disrupted' }
    : { exitCode: FAULT_EXIT_CODE }
}

/** The Job as the controllers see it. */
export function toObservedJob(record: JobRecord): ObservedJob {
  const { request, process: _identity, ...rest } = record
  return { ...rest, name: request.name, ownerUid: request.owner.uid }
}
