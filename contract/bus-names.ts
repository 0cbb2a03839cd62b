import { formatTaskKey, type TaskAddress, TRAINING } from './task-address.ts'

/** Everything of one attempt on the bus stands under these four. */
export interface AttemptAddress {
  readonly namespace: string
  /** UID of the NeCoRun. */
  readonly runUid: string
  readonly task: TaskAddress
  readonly attempt: number
}

export type RunAddress = Pick<AttemptAddress, 'namespace' | 'runUid'>

/** The stream that keeps what pods report. */
export const REPORT_STREAM = 'NECO_REPORTS'
/** The key-value bucket that keeps the last heartbeat of each attempt. */
export const PROGRESS_BUCKET = 'NECO_PROGRESS'
/** What the stream captures: namespace, run, task, attempt, pod. */
export const REPORT_SUBJECTS = 'neco.*.*.*.*.*.report'

const MAX_TOKEN_CHARACTERS = 253

/**
 * One token of a subject: letters, digits, `-` and `_` stand for themselves, all else as `=` and
 * hex bytes. Throws RangeError where it is empty or longer than 253 characters.
 */
export function encodeBusToken(text: string): string {
  if (text.length === 0 || text.length > MAX_TOKEN_CHARACTERS) {
    throw new RangeError(`a token of a subject has 1 to 253 characters, not ${text.length}`)
  }
  const escaped = [...new TextEncoder().encode(text)].map((byte) => {
    const character = String.fromCharCode(byte)
    return /[A-Za-z0-9_-]/.test(character)
      ? character
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  })
  return escaped.join('')
}

const formatRunTokens = ({ namespace, runUid }: RunAddress): string =>
  `${encodeBusToken(namespace)}.${encodeBusToken(runUid)}`
const formatAttemptTokens = (address: AttemptAddress): string =>
  `${formatRunTokens(address)}.${encodeBusToken(formatTaskKey(address.task))}.${address.attempt}`

/** Where one pod of an attempt reports. */
export const buildReportSubject = (address: AttemptAddress, podUid: string): string =>
  `neco.${formatAttemptTokens(address)}.${encodeBusToken(podUid)}.report`

/** The reports of every pod of an attempt. */
export const buildAttemptReportsSubject = (address: AttemptAddress): string =>
  `neco.${formatAttemptTokens(address)}.*.report`

/** The reports of every pod of a run. */
export const buildRunReportsSubject = (run: RunAddress): string =>
  `neco.${formatRunTokens(run)}.*.*.*.report`

/** Where an attempt hears commands. */
export const buildCommandSubject = (address: AttemptAddress): string =>
  `neco.${formatAttemptTokens(address)}.ctl`

/** The key of an attempt in the bucket. */
export const buildProgressKey = (address: AttemptAddress): string => formatAttemptTokens(address)

/** The keys of every attempt of a run. */
export const buildRunProgressKeyFilter = (run: RunAddress): string => `${formatRunTokens(run)}.*.*`

/** What a heartbeat is published to. */
export const buildProgressSubject = (key: string): string => `$KV.${PROGRESS_BUCKET}.${key}`

/** Where the answers to an attempt arrive, so that nobody else may listen. */
export const buildInboxPrefix = (address: AttemptAddress): string =>
  `_INBOX.${formatAttemptTokens(address)}`

/** Where the answers to the reader of a run arrive. */
export const buildReaderInboxPrefix = (run: RunAddress): string =>
  `_INBOX.${formatRunTokens(run)}.reader`

/**
 * The id of a report: the server stores it once in its window, and every consumer counts it once
 * for good.
 */
export const buildReportId = (podUid: string, sequence: number): string => `${podUid}-${sequence}`

export interface ParsedProgressKey {
  readonly runUid: string
  readonly isTraining: boolean
}

const decodeBusToken = (token: string): string => decodeURIComponent(token.replaceAll('=', '%'))

/** Whose the key of an attempt is; undefined for any other key. */
export function parseProgressKey(key: string): ParsedProgressKey | undefined {
  const [, runUid, task, ...rest] = key.split('.')
  if (runUid === undefined || task === undefined || rest.length !== 1) return undefined
  return {
    runUid: decodeBusToken(runUid),
    isTraining: decodeBusToken(task) === formatTaskKey(TRAINING),
  }
}
