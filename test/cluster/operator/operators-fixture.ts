import { createInstantExecutor } from '../sweeps/instant-pods.ts'
import { openStudyFixture, type StudyFixture } from '../sweeps/study-fixture.ts'
import type { SharedTestbed } from '../testbed/shared-testbed.ts'
import { type OperatorAuditLog, openOperatorAuditLog } from './operator-audit-log.ts'
import { createStudyOperators, type StudyOperators } from './study-operators.ts'

interface Options {
  /** Names nodes and namespaces. */
  readonly name: string
  /** In the form of the chart's values. */
  readonly lease: object
}

/**
 * The whole system with pods that end at once, whose operators the test starts and stops, and their
 * audit log.
 */
export interface OperatorsFixture extends StudyFixture {
  readonly operators: StudyOperators
  readonly auditLog: OperatorAuditLog
}

/** Opens it on the shared testbed; the caller closes it. */
export async function openOperatorsFixture(
  testbed: SharedTestbed,
  { name, lease }: Options,
): Promise<OperatorsFixture> {
  const executor = createInstantExecutor()
  const fixture = await openStudyFixture(testbed, {
    name,
    executor,
    deployment: false,
    values: { lease },
  })
  const operators = createStudyOperators(testbed, fixture)
  return {
    ...fixture,
    operators,
    auditLog: openOperatorAuditLog(testbed.auditLog, fixture.namespace),
    close: async () => {
      await operators.close()
      await fixture.close()
    },
  }
}
