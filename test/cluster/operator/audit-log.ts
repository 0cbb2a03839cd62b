import { open } from 'node:fs/promises'

/** One request in the audit log. */
export interface AuditEntry {
  readonly verb: string
  readonly user: string
  /** Id of the token, which distinguishes processes of one account. */
  readonly credential: string | undefined
  readonly resource: string
  readonly subresource: string | undefined
  readonly name: string
  readonly status: number
  /** Unix times by the clock of the API server. */
  readonly receivedMs: number
  readonly answeredMs: number
  /** The request body, for our kinds only. */
  readonly body: unknown
}

interface AuditLogLine {
  readonly verb: string
  readonly user: { readonly username: string; readonly extra?: Record<string, string[]> }
  readonly objectRef?: {
    readonly resource?: string
    readonly subresource?: string
    readonly namespace?: string
    readonly name?: string
  }
  readonly responseStatus?: { readonly code?: number }
  readonly requestReceivedTimestamp: string
  readonly stageTimestamp: string
  readonly requestObject?: unknown
}

const CREDENTIAL = 'authentication.kubernetes.io/credential-id'
const READS: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

const parseAuditEntry = (line: AuditLogLine): AuditEntry => ({
  verb: line.verb,
  user: line.user.username,
  credential: line.user.extra?.[CREDENTIAL]?.[0],
  resource: line.objectRef?.resource ?? '',
  subresource: line.objectRef?.subresource,
  name: line.objectRef?.name ?? '',
  status: line.responseStatus?.code ?? 0,
  receivedMs: Date.parse(line.requestReceivedTimestamp),
  answeredMs: Date.parse(line.stageTimestamp),
  body: line.requestObject,
})

/** The writes in one namespace, in the order of their answers. */
export interface AuditLogReader {
  /** All so far. */
  read(): Promise<readonly AuditEntry[]>
}

/** Follows an audit log, each call reading on where the last one ended. */
export function openAuditLog(path: string, namespace: string): AuditLogReader {
  const entries: AuditEntry[] = []
  let offset = 0
  const take = (text: string): void => {
    if (!text.includes(`"${namespace}"`)) return
    const line = JSON.parse(text) as AuditLogLine
    if (line.objectRef?.namespace === namespace && !READS.has(line.verb)) {
      entries.push(parseAuditEntry(line))
    }
  }
  return {
    async read() {
      await using file = await open(path)
      const { size } = await file.stat()
      const { buffer, bytesRead } = await file.read({
        buffer: Buffer.alloc(size - offset),
        position: offset,
      })
      const end = buffer.lastIndexOf('\n', bytesRead) + 1
      offset += end
      for (const line of buffer.toString('utf8', 0, end).split('\n')) take(line)
      return entries
    },
  }
}
