import { EXIT_CODES } from '../../../contract/exit-codes.ts'
import { TerminationMessage } from '../../../contract/run-report.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ObservedJob, PodFailureCause } from '../../ports/observed-job.ts'
import {
  type ContainerView,
  findTrueCondition,
  formatReason,
  type PodView,
  parseTimeMs,
  type TerminatedView,
} from './pod-view.ts'

export type PodEnd = Pick<ObservedJob, 'state' | 'exitCode' | 'cause' | 'message' | 'termination'>

/** Everything that an ended pod shows, gathered for the table. */
interface PodEndEvidence {
  readonly reason: string
  readonly message: string
  readonly disruption: string | undefined
  readonly failedInit: ContainerView | undefined
  readonly main: ContainerView | undefined
  readonly terminated: TerminatedView | undefined
  readonly exitCode: number | undefined
  readonly termination: TerminationMessage | undefined
}

const PROGRAMS: ReadonlySet<string> = new Set(['trainer', 'evaluator'])

/** Our container, though others may have been injected beside it. */
export const mainContainer = ({ status }: PodView): ContainerView | undefined =>
  status?.containerStatuses?.find(({ name }) => PROGRAMS.has(name)) ??
  status?.containerStatuses?.[0]

/** The termination message of a pod; undefined where it has none, or its log took the place. */
function parseTerminationMessage(text: string | undefined): TerminationMessage | undefined {
  try {
    const parsed = TerminationMessage.safeParse(JSON.parse(text ?? ''))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function gatherEvidence(pod: PodView): PodEndEvidence {
  const { status } = pod
  const main = mainContainer(pod)
  const terminated = main?.state?.terminated
  const target = findTrueCondition(status?.conditions, 'DisruptionTarget')
  return {
    reason: status?.reason ?? '',
    message: status?.message ?? '',
    disruption:
      target === undefined
        ? undefined
        : formatReason(target.reason, target.message) || 'the pod was disrupted',
    failedInit: status?.initContainerStatuses?.find(
      ({ state }) => (state?.terminated?.exitCode ?? 0) !== 0,
    ),
    main,
    terminated,
    exitCode: terminated?.exitCode,
    termination: parseTerminationMessage(terminated?.message),
  }
}

/**
 * Verdicts of our programs on their own input, which hold whatever happened to the pod at the same
 * time.
 */
const PROGRAM_VERDICT_CODES: ReadonlySet<number> = new Set([
  EXIT_CODES.UserError,
  EXIT_CODES.Infeasible,
  EXIT_CODES.NotFinite,
])

/** Why the kubelet or the node controller ended a pod that did nothing wrong. */
const DISRUPTION_REASONS: ReadonlySet<string> = new Set([
  'Evicted',
  'Preempting',
  'Preempted',
  'NodeLost',
  'NodeShutdown',
  'Shutdown',
  'Terminated',
  'DeadlineExceeded',
])

/** What a kubelet refuses on every node of the kind. */
const REFUSAL_REASONS: ReadonlySet<string> = new Set([
  'AppArmor',
  'SysctlForbidden',
  'PodOSNotSupported',
])

/** A container that was made and could not be started: no such program, or the runtime failed. */
const START_FAILURE_REASONS: ReadonlySet<string> = new Set([
  'ContainerCannotRun',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
])

/**
 * Hangup, interrupt, kill and terminate come from outside; any other signal is a fault of the
 * process itself.
 */
const OUTSIDE_SIGNALS: ReadonlySet<number> = new Set([1, 2, 9, 15])
const SIGNAL_BASE = 128

function findSignal({ terminated, exitCode = 0 }: PodEndEvidence): number | undefined {
  if (terminated?.signal !== undefined && terminated.signal !== 0) return terminated.signal
  return exitCode > SIGNAL_BASE ? exitCode - SIGNAL_BASE : undefined
}

interface PodEndRule {
  readonly applies: (evidence: PodEndEvidence) => boolean
  readonly cause?: PodFailureCause
  /** The message where the pod left none. */
  readonly message: (evidence: PodEndEvidence) => string
  /** Whether the exit code says something. */
  readonly reportsExitCode?: true
}

const describePodReason = ({ reason, message }: PodEndEvidence): string =>
  formatReason(reason, message)
const describeContainerReason = ({ terminated }: PodEndEvidence): string =>
  formatReason(terminated?.reason, terminated?.message)
/** A runtime calls every exit code but 0 an Error, which says less than the code. */
const describeExitReason = (evidence: PodEndEvidence): string => {
  const reported = describeContainerReason(evidence)
  return reported === 'Error' ? '' : reported
}

/** Nothing but its exit code explains the end. */
const EXIT_CODE_RULE: PodEndRule = {
  applies: () => true,
  message: describeExitReason,
  reportsExitCode: true,
}

/** The first row that applies says which budget pays. */
const POD_END_RULES: readonly PodEndRule[] = [
  {
    applies: ({ exitCode = -1 }) => PROGRAM_VERDICT_CODES.has(exitCode),
    message: describeExitReason,
    reportsExitCode: true,
  },
  {
    applies: ({ terminated }) => terminated?.reason === 'OOMKilled',
    cause: 'OutOfMemory',
    message: () => 'OOMKilled: the container used more memory than its limit; raise pod.resources',
  },
  {
    applies: ({ disruption }) => disruption !== undefined,
    cause: 'Disrupted',
    message: ({ disruption = '' }) => disruption,
  },
  {
    applies: ({ reason }) => DISRUPTION_REASONS.has(reason),
    cause: 'Disrupted',
    message: describePodReason,
  },
  {
    applies: ({ reason }) => REFUSAL_REASONS.has(reason),
    cause: 'Refused',
    message: describePodReason,
  },
  {
    applies: ({ failedInit, terminated }) => failedInit !== undefined && terminated === undefined,
    cause: 'CannotStart',
    message: ({ failedInit }) => {
      const { exitCode, reason, message } = failedInit?.state?.terminated ?? {}
      return `init container ${failedInit?.name} ended with exit code ${exitCode}: ${formatReason(reason, message)}`
    },
  },
  {
    applies: ({ terminated }) => START_FAILURE_REASONS.has(terminated?.reason ?? ''),
    cause: 'CannotStart',
    message: describeContainerReason,
  },
  {
    applies: ({ terminated, main }) =>
      terminated === undefined && main?.state?.running !== undefined,
    cause: 'Disrupted',
    message: (evidence) =>
      describePodReason(evidence) || 'its pod was given up while its container ran',
  },
  {
    applies: ({ terminated }) => terminated === undefined,
    cause: 'CannotStart',
    message: (evidence) =>
      describePodReason(evidence) || 'its pod ended before its container was started',
  },
  {
    applies: (evidence) => OUTSIDE_SIGNALS.has(findSignal(evidence) ?? 0),
    cause: 'Disrupted',
    message: (evidence) => `ended by signal ${findSignal(evidence)} from outside`,
  },
  EXIT_CODE_RULE,
]

const MAX_MESSAGE_LENGTH = 1500

const pickTermination = ({ termination }: PodEndEvidence): Pick<PodEnd, 'termination'> =>
  termination === undefined ? {} : { termination }

const buildSucceededEnd = (evidence: PodEndEvidence): PodEnd => ({
  state: 'Succeeded',
  exitCode: EXIT_CODES.Succeeded,
  ...pickTermination(evidence),
})

function buildFailedEnd(
  evidence: PodEndEvidence,
  { cause, message, reportsExitCode }: PodEndRule,
): PodEnd {
  const { exitCode } = evidence
  const text = message(evidence).slice(0, MAX_MESSAGE_LENGTH)
  return {
    state: 'Failed',
    ...omitUndefined({ cause }),
    ...(reportsExitCode === undefined || exitCode === undefined ? {} : { exitCode }),
    ...(text === '' ? {} : { message: text }),
    ...pickTermination(evidence),
  }
}

/** How a pod in phase Succeeded or Failed ended. Total: the last row applies to everything. */
export function classifyPodEnd(pod: PodView): PodEnd {
  const evidence = gatherEvidence(pod)
  const hasCleanExit =
    evidence.exitCode === EXIT_CODES.Succeeded && evidence.termination !== undefined
  if (hasCleanExit || pod.status?.phase === 'Succeeded') return buildSucceededEnd(evidence)
  const rule = POD_END_RULES.find(({ applies }) => applies(evidence)) ?? EXIT_CODE_RULE
  return buildFailedEnd(evidence, rule)
}

/** When a pod ended: its container, else its last condition. */
export function readEndedMs(pod: PodView): number {
  const { metadata, status } = pod
  const finishedMs = parseTimeMs(mainContainer(pod)?.state?.terminated?.finishedAt)
  const reported = (status?.conditions ?? []).flatMap(
    ({ lastTransitionTime }) => parseTimeMs(lastTransitionTime) ?? [],
  )
  return finishedMs ?? Math.max(parseTimeMs(metadata.creationTimestamp) ?? 0, ...reported)
}
