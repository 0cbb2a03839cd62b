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
  /** How often each object of a kind was made for a sweep, by its name without that of the sweep. */
  madeOf(sweep: string, resource: string): Promise<Readonly<Record<string, number>>>
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
    async madeOf(sweep, resource) {
      const made = (await trail.read()).filter(
        (entry) => isMaking(entry, resource) && entry.name.startsWith(`${sweep}-`),
      )
      const byName = Map.groupBy(made, ({ name }) => name.slice(sweep.length))
      return Object.fromEntries([...byName].map(([name, { length }]) => [name, length]))
    },
  }
}

const isMaking = (entry: AuditEntry, resource: string): boolean =>
  entry.verb === 'create' &&
  entry.status === 201 &&
  entry.resource === resource &&
  entry.subresource === undefined
