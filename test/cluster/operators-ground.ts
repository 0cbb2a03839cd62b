import type { SharedBed } from './bed/shared-bed.ts'
import { instantExecutor } from './instant-pods.ts'
import { type OperatorTrail, operatorTrail } from './operator-trail.ts'
import { openStudyGround, type StudyGround } from './study-ground.ts'
import { type StudyOperators, studyOperators } from './study-operators.ts'

interface Options {
  /** Names nodes and namespaces. */
  readonly name: string
  /** As the values of the chart have it. */
  readonly lease: object
}

/** The whole system with pods that end at once, whose operators a test starts and ends itself, and what they write. */
export interface OperatorsGround extends StudyGround {
  readonly operators: StudyOperators
  readonly trail: OperatorTrail
}

/** Opens it on the shared bed; whoever opens it closes it. */
export async function openOperatorsGround(
  bed: SharedBed,
  { name, lease }: Options,
): Promise<OperatorsGround> {
  const executor = instantExecutor()
  const ground = await openStudyGround(bed, {
    name,
    executor,
    deployment: false,
    values: { lease },
  })
  const operators = studyOperators(bed, ground)
  return {
    ...ground,
    operators,
    trail: operatorTrail(bed.auditLog, ground.namespace),
    close: async () => {
      await operators.close()
      await ground.close()
    },
  }
}
