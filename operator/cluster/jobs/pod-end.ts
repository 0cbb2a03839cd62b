import { EXIT_CODES } from '../../../contract/exit-codes.ts'
import { TerminationMessage } from '../../../contract/run-report.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ObservedJob, PodFailureCause } from '../../ports/observed-job.ts'
import {
  type ContainerView,
  type PodView,
  sentence,
  type TerminatedView,
  timeMs,
  trueCondition,
} from './pod-view.ts'

export type PodEnd = Pick<ObservedJob, 'state' | 'exitCode' | 'cause' | 'message' | 'termination'>

/** Everything that an ended pod shows, gathered for the table. */
interface Facts {
  readonly reason: string
  readonly message: string
  readonly disruption: string | undefined
  readonly failedInit: ContainerView | undefined
  readonly main: ContainerView | undefined
  readonly end: TerminatedView | undefined
  readonly exitCode: number | undefined
  readonly termination: TerminationMessage | undefined
}

const PROGRAMS: ReadonlySet<string> = new Set(['trainer', 'evaluator'])

/** Our container, though others may have been injected beside it. */
export const mainContainer = ({ status }: PodView): ContainerView | undefined =>
  status?.containerStatuses?.find(({ name }) => PROGRAMS.has(name)) ??
  status?.containerStatuses?.[0]

/** The last words of a pod; undefined where it died without any or the log stands in their place. */
function wordsIn(text: string | undefined): TerminationMessage | undefined {
  try {
    const parsed = TerminationMessage.safeParse(JSON.parse(text ?? ''))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

function factsOf(pod: PodView): Facts {
  const { status } = pod
  const main = mainContainer(pod)
  const end = main?.state?.terminated
  const target = trueCondition(status?.conditions, 'DisruptionTarget')
  return {
    reason: status?.reason ?? '',
    message: status?.message ?? '',
    disruption:
      target === undefined
        ? undefined
        : sentence(target.reason, target.message) || 'the pod was disrupted',
    failedInit: status?.initContainerStatuses?.find(
      ({ state }) => (state?.terminated?.exitCode ?? 0) !== 0,
    ),
    main,
    end,
    exitCode: end?.exitCode,
    termination: wordsIn(end?.message),
  }
}

/** Verdicts of our programs on their own input, which hold whatever happened to the pod at the same time. */
const VERDICTS: ReadonlySet<number> = new Set([
  EXIT_CODES.UserError,
  EXIT_CODES.Infeasible,
  EXIT_CODES.NotFinite,
])

/** Why the kubelet or the node controller ended a pod that did nothing wrong. */
const DISRUPTIONS: ReadonlySet<string> = new Set([
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
const REFUSALS: ReadonlySet<string> = new Set(['AppArmor', 'SysctlForbidden', 'PodOSNotSupported'])

/** A container that was made and could not be started: no such program, or the runtime failed. */
const START_FAILURES: ReadonlySet<string> = new Set([
  'ContainerCannotRun',
  'CreateContainerError',
  'RunContainerError',
  'StartError',
])

/** Hangup, interrupt, kill and terminate come from outside; any other signal is a fault of the process itself. */
const OUTSIDE_SIGNALS: ReadonlySet<number> = new Set([1, 2, 9, 15])
const SIGNAL_BASE = 128

function signalOf({ end, exitCode = 0 }: Facts): number | undefined {
  if (end?.signal !== undefined && end.signal !== 0) return end.signal
  return exitCode > SIGNAL_BASE ? exitCode - SIGNAL_BASE : undefined
}

interface Row {
  readonly applies: (facts: Facts) => boolean
  readonly cause?: PodFailureCause
  /** What is said where the pod left no words. */
  readonly message: (facts: Facts) => string
  /** Whether the exit code says something. */
  readonly tellsExitCode?: true
}

const podSays = ({ reason, message }: Facts): string => sentence(reason, message)
const containerSays = ({ end }: Facts): string => sentence(end?.reason, end?.message)
/** A runtime calls every exit code but 0 an Error, which says less than the code. */
const exitSays = (facts: Facts): string => {
  const said = containerSays(facts)
  return said === 'Error' ? '' : said
}

/** Nothing but its exit code explains the end. */
const EXIT_CODE_SPEAKS: Row = {
  applies: () => true,
  message: exitSays,
  tellsExitCode: true,
}

/** The first row that applies says which budget pays. */
const ROWS: readonly Row[] = [
  {
    applies: ({ exitCode = -1 }) => VERDICTS.has(exitCode),
    message: exitSays,
    tellsExitCode: true,
  },
  {
    applies: ({ end }) => end?.reason === 'OOMKilled',
    cause: 'OutOfMemory',
    message: () => 'OOMKilled: the container used more memory than its limit; raise pod.resources',
  },
  {
    applies: ({ disruption }) => disruption !== undefined,
    cause: 'Disrupted',
    message: ({ disruption = '' }) => disruption,
  },
  { applies: ({ reason }) => DISRUPTIONS.has(reason), cause: 'Disrupted', message: podSays },
  { applies: ({ reason }) => REFUSALS.has(reason), cause: 'Refused', message: podSays },
  {
    applies: ({ failedInit, end }) => failedInit !== undefined && end === undefined,
    cause: 'CannotStart',
    message: ({ failedInit }) => {
      const { exitCode, reason, message } = failedInit?.state?.terminated ?? {}
      return `init container ${failedInit?.name} ended with exit code ${exitCode}: ${sentence(reason, message)}`
    },
  },
  {
    applies: ({ end }) => START_FAILURES.has(end?.reason ?? ''),
    cause: 'CannotStart',
    message: containerSays,
  },
  {
    applies: ({ end, main }) => end === undefined && main?.state?.running !== undefined,
    cause: 'Disrupted',
    message: (facts) => podSays(facts) || 'its pod was given up while its container ran',
  },
  {
    applies: ({ end }) => end === undefined,
    cause: 'CannotStart',
    message: (facts) => podSays(facts) || 'its pod ended before its container was started',
  },
  {
    applies: (facts) => OUTSIDE_SIGNALS.has(signalOf(facts) ?? 0),
    cause: 'Disrupted',
    message: (facts) => `ended by signal ${signalOf(facts)} from outside`,
  },
  EXIT_CODE_SPEAKS,
]

const MOST_CHARACTERS = 1500

const withWords = ({ termination }: Facts): Pick<PodEnd, 'termination'> =>
  termination === undefined ? {} : { termination }

const succeeded = (facts: Facts): PodEnd => ({
  state: 'Succeeded',
  exitCode: EXIT_CODES.Succeeded,
  ...withWords(facts),
})

function failed(facts: Facts, { cause, message, tellsExitCode }: Row): PodEnd {
  const { exitCode } = facts
  const text = message(facts).slice(0, MOST_CHARACTERS)
  return {
    state: 'Failed',
    ...omitUndefined({ cause }),
    ...(tellsExitCode === undefined || exitCode === undefined ? {} : { exitCode }),
    ...(text === '' ? {} : { message: text }),
    ...withWords(facts),
  }
}

/** How a pod in phase Succeeded or Failed ended. Total: the last row applies to everything. */
export function endOf(pod: PodView): PodEnd {
  const facts = factsOf(pod)
  const saidAll = facts.exitCode === EXIT_CODES.Succeeded && facts.termination !== undefined
  if (saidAll || pod.status?.phase === 'Succeeded') return succeeded(facts)
  const row = ROWS.find(({ applies }) => applies(facts)) ?? EXIT_CODE_SPEAKS
  return failed(facts, row)
}

/** When a pod ended: its container, else the last that was said of it. */
export function endedMsOf(pod: PodView): number {
  const { metadata, status } = pod
  const finishedMs = timeMs(mainContainer(pod)?.state?.terminated?.finishedAt)
  const said = (status?.conditions ?? []).flatMap(
    ({ lastTransitionTime }) => timeMs(lastTransitionTime) ?? [],
  )
  return finishedMs ?? Math.max(timeMs(metadata.creationTimestamp) ?? 0, ...said)
}
