import { openOperatorAuditLog } from '../test/cluster/operator/operator-audit-log.ts'
import type { StudyOperators } from '../test/cluster/operator/study-operators.ts'
import { instantSweep } from '../test/cluster/sweeps/instant-sweep.ts'
import type { StudyFixture } from '../test/cluster/sweeps/study-fixture.ts'
import type { SharedTestbed } from '../test/cluster/testbed/testbed-info.ts'
import { waitUntil } from '../test/cluster/testbed/wait-until.ts'
import { isRunStatus } from './event-to-write.ts'

const NAME = 'backlog'
const POINTS = 300
/** Of the backlog; later pods are load of the next phase. */
const COUNTED = 200
const CATCH_UP_TIMEOUT_MS = 300_000
const ENDED: ReadonlySet<string> = new Set(['Succeeded', 'Failed'])

export interface CatchUpRow {
  readonly benchmark: string
  readonly transitions: number
  readonly seconds: number
  readonly transitions_per_s: number
}

/**
 * An operator that starts when the pods of 300 runs have ended: how fast it catches up without
 * waiting for pods.
 */
export async function measureCatchUp(
  testbed: SharedTestbed,
  fixture: StudyFixture,
  operators: StudyOperators,
): Promise<CatchUpRow> {
  const auditWrites = openOperatorAuditLog(testbed.auditLog, fixture.namespace)
  const before = await operators.start('before')
  await fixture.apply(
    instantSweep({ name: NAME, points: POINTS, replicates: 1, parallelism: POINTS }),
  )
  await waitUntil({
    what: 'a Job of every run',
    withinMs: CATCH_UP_TIMEOUT_MS,
    look: async () => (await fixture.listJobs(NAME)).length >= POINTS || undefined,
  })
  await operators.lose(before)
  const { length: jobs } = await fixture.listJobs(NAME)
  await waitUntil({
    what: 'the end of every pod',
    withinMs: CATCH_UP_TIMEOUT_MS,
    look: async () => {
      const pods = fixture.kubelet.pods().filter(({ name }) => name.startsWith(`${NAME}-`))
      return (pods.length === jobs && pods.every(({ phase }) => ENDED.has(phase))) || undefined
    },
  })
  const after = await operators.start('after')
  await auditWrites.waitForWrites(after, 3 * COUNTED)
  const written = (await auditWrites.listWrites(after)).filter(isRunStatus).slice(0, COUNTED)
  const [first, last] = [written[0]?.receivedMs, written.at(-1)?.answeredMs]
  const seconds = ((last ?? Number.NaN) - (first ?? Number.NaN)) / 1000
  return {
    benchmark: `catch up with ${POINTS} runs whose pods have ended`,
    transitions: written.length,
    seconds,
    transitions_per_s: written.length / seconds,
  }
}
