import type { Variable } from '@tensorflow/tfjs-core'
import { runKernel } from './run-kernel.ts'

/** teacher ← momentum·teacher + (1 − momentum)·student, in place, for each name of the teacher. */
export function emaStep(
  teacher: ReadonlyMap<string, Variable>,
  student: ReadonlyMap<string, Variable>,
  momentum: number,
): void {
  for (const [name, target] of teacher) {
    const source = student.get(name)
    if (!source) throw new Error(`the student has no parameter ${name}`)
    runKernel('NecoEmaStep', { teacher: target, student: source }, { momentum })
  }
}
