/** Everything of one attempt on the bus stands under these four. */
export interface AttemptAddress {
  readonly namespace: string
  /** UID of the NeCoRun. */
  readonly runUid: string
  /** train, or the name of the evaluation. */
  readonly work: string
  readonly attempt: number
}

export type RunAddress = Pick<AttemptAddress, 'namespace' | 'runUid'>

/** The stream that keeps what pods report. */
export const REPORT_STREAM = 'NECO_REPORTS'
/** The key-value bucket that keeps the last heartbeat of each attempt. */
export const PROGRESS_BUCKET = 'NECO_PROGRESS'
/** What the stream captures: namespace, run, work, attempt, pod. */
export const REPORT_SUBJECTS = 'neco.*.*.*.*.*.report'

const MAX_TOKEN_CHARACTERS = 253

/** One token of a subject: letters, digits, `-` and `_` stand for themselves, all else as `=` and hex bytes. Throws RangeError where it is empty or longer than 253 characters. */
export function busToken(text: string): string {
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

const tokensOfRun = ({ namespace, runUid }: RunAddress): string =>
  `${busToken(namespace)}.${busToken(runUid)}`
const tokensOf = (address: AttemptAddress): string =>
  `${tokensOfRun(address)}.${busToken(address.work)}.${address.attempt}`

/** Where one pod of an attempt reports. */
export const reportSubject = (address: AttemptAddress, podUid: string): string =>
  `neco.${tokensOf(address)}.${busToken(podUid)}.report`

/** The reports of every pod of an attempt. */
export const reportsOfAttempt = (address: AttemptAddress): string =>
  `neco.${tokensOf(address)}.*.report`

/** The reports of every pod of a run. */
export const reportsOfRun = (run: RunAddress): string => `neco.${tokensOfRun(run)}.*.*.*.report`

/** Where an attempt hears commands. */
export const commandSubject = (address: AttemptAddress): string => `neco.${tokensOf(address)}.ctl`

/** The key of an attempt in the bucket. */
export const progressKey = (address: AttemptAddress): string => tokensOf(address)

/** The keys of every attempt of a run. */
export const progressKeysOfRun = (run: RunAddress): string => `${tokensOfRun(run)}.*.*`

/** What a heartbeat is published to. */
export const progressSubject = (key: string): string => `$KV.${PROGRESS_BUCKET}.${key}`

/** Where the answers to an attempt arrive, so that nobody else may listen. */
export const inboxPrefix = (address: AttemptAddress): string => `_INBOX.${tokensOf(address)}`

/** Where the answers to the reader of a run arrive. */
export const readerInboxPrefix = (run: RunAddress): string => `_INBOX.${tokensOfRun(run)}.reader`

/** The id of a report: the server stores it once in its window, and every consumer counts it once for good. */
export const reportId = (podUid: string, sequence: number): string => `${podUid}-${sequence}`

export interface KeyFacts {
  readonly runUid: string
  readonly isTraining: boolean
}

const textOf = (token: string): string => decodeURIComponent(token.replaceAll('=', '%'))

/** Whose the key of an attempt is; undefined for any other key. */
export function factsOfKey(key: string): KeyFacts | undefined {
  const [, runUid, work, ...rest] = key.split('.')
  if (runUid === undefined || work === undefined || rest.length !== 1) return undefined
  return { runUid: textOf(runUid), isTraining: work === 'train' }
}
