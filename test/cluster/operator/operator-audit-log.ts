import { waitUntil } from '../testbed/wait-until.ts'
import { type AuditEntry, openAuditLog } from './audit-log.ts'
import type { StudyOperator } from './study-operators.ts'

const OFTEN_MS = 5
const WITHIN_MS = 120_000

/** The audit log of operators in one namespace. */
export interface OperatorAuditLog {
  listWrites(operator: StudyOperator): Promise<readonly AuditEntry[]>
  /** Resolves when the operator has had so many writes answered. */
  waitForWrites(operator: StudyOperator, count: number): Promise<true>
  /** Writes of one operator after the first write of the next. */
  listWritesAfterFirst(next: StudyOperator, operator: StudyOperator): Promise<readonly AuditEntry[]>
  /**
   * Runs and Jobs of a sweep that were created more than once, or deleted. The creation of a killed
   * operator may be logged as a failure: whether all exist must be checked separately.
   */
  findCreatedTwice(sweep: string): Promise<readonly string[]>
}

/** Follows the audit log for the writes in a namespace. */
export function openOperatorAuditLog(auditLog: string, namespace: string): OperatorAuditLog {
  const auditLogReader = openAuditLog(auditLog, namespace)
  const listWrites = async ({ credential }: StudyOperator): Promise<readonly AuditEntry[]> =>
    (await auditLogReader.read()).filter((entry) => entry.credential === credential)
  return {
    listWrites,
    waitForWrites: (operator, count) =>
      waitUntil({
        what: `${count} writes of ${operator.name}`,
        withinMs: WITHIN_MS,
        everyMs: OFTEN_MS,
        look: async () => (await listWrites(operator)).length >= count || undefined,
      }),
    async listWritesAfterFirst(next, operator) {
      const first = Math.min(...(await listWrites(next)).map(({ receivedMs }) => receivedMs))
      return (await listWrites(operator)).filter(({ receivedMs }) => receivedMs > first)
    },
    async findCreatedTwice(sweep) {
      const ours = (await auditLogReader.read()).filter(
        ({ resource, name }) => KINDS.has(resource) && name.startsWith(`${sweep}-`),
      )
      const made = Map.groupBy(ours.filter(isMade), ({ resource, name }) => `${resource}/${name}`)
      const twice = [...made].filter(([, { length }]) => length > 1).map(([name]) => name)
      return [...twice, ...ours.filter(isDeleted).map(({ name }) => `deleted ${name}`)]
    },
  }
}

const KINDS: ReadonlySet<string> = new Set(['jobs', 'necoruns'])

const isMade = ({ verb, status, subresource }: AuditEntry): boolean =>
  verb === 'create' && status === 201 && subresource === undefined

const isDeleted = ({ verb, status }: AuditEntry): boolean => verb === 'delete' && status < 300
