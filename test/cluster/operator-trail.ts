import { type AuditEntry, auditTrail } from './audit-trail.ts'
import { waitUntil } from './bed/wait-until.ts'
import type { StudyOperator } from './study-operators.ts'

const OFTEN_MS = 5
const WITHIN_MS = 120_000

/** What the API server noted of operators in one namespace. */
export interface OperatorTrail {
  writesOf(operator: StudyOperator): Promise<readonly AuditEntry[]>
  /** Resolves when the operator has had so many writes answered. */
  onceWritten(operator: StudyOperator, count: number): Promise<true>
  /** What came of one operator after the first write of the next. */
  writesAfterFirstOf(next: StudyOperator, operator: StudyOperator): Promise<readonly AuditEntry[]>
  /** The runs and Jobs of a sweep that were made more than once, or deleted so that they could be. A making whose maker was killed before the answer may be noted as a failure: that all are there must be looked up. */
  madeTwice(sweep: string): Promise<readonly string[]>
}

/** Follows the audit log for the writes in a namespace. */
export function operatorTrail(auditLog: string, namespace: string): OperatorTrail {
  const trail = auditTrail(auditLog, namespace)
  const writesOf = async ({ credential }: StudyOperator): Promise<readonly AuditEntry[]> =>
    (await trail.read()).filter((entry) => entry.credential === credential)
  return {
    writesOf,
    onceWritten: (operator, count) =>
      waitUntil({
        what: `${count} writes of ${operator.name}`,
        withinMs: WITHIN_MS,
        everyMs: OFTEN_MS,
        look: async () => (await writesOf(operator)).length >= count || undefined,
      }),
    async writesAfterFirstOf(next, operator) {
      const first = Math.min(...(await writesOf(next)).map(({ receivedMs }) => receivedMs))
      return (await writesOf(operator)).filter(({ receivedMs }) => receivedMs > first)
    },
    async madeTwice(sweep) {
      const ours = (await trail.read()).filter(
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
