import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { adamwStep } from '../../vision/ops/adamw-step.ts'
import { add, scale } from '../../vision/ops/arithmetic.ts'
import { emaStep } from '../../vision/ops/ema-step.ts'
import { chooseParameterGroup, type ModelPart, type ParameterGroup } from './parameter-groups.ts'
import type { ScheduledValues } from './schedules.ts'
import type { Moments, TrainingState } from './training-state.ts'

/** The betas and epsilon of torch's AdamW, which the released program leaves as they are. */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const

/** The EMA: teacher ← momentum·teacher + (1 − momentum)·student, by parameter. */
export function updateTeacher({ teacher, student }: TrainingState, momentum: number): void {
  if (teacher === undefined) return
  emaStep(teacher.backbone, student.backbone, momentum)
  emaStep(teacher.head, student.head, momentum)
}

/** One step of AdamW (or Adam, whose weight decay goes through the gradient); no clipping. */
export function updateStudent(
  state: TrainingState,
  gradients: ReadonlyMap<string, Tensor>,
  scheduled: ScheduledValues,
): void {
  state.updates++
  const settings = { ...ADAM, step: state.updates }
  for (const [name, gradient] of gradients) {
    const { part, parameter } = findParameter(state, name)
    const { first, second } = state.moments.get(name) as Moments
    const update = chooseParameterGroup(part, { name, shape: parameter.shape }, scheduled)
    const moments = { firstMoment: first, secondMoment: second }
    if (state.settings.optimizer.algorithm === 'AdamW') {
      adamwStep([{ parameter, gradient, ...moments, ...update }], settings)
      continue
    }
    const decayed = addWeightDecay(gradient, parameter, update)
    adamwStep([{ parameter, gradient: decayed, ...moments, ...update, weightDecay: 0 }], settings)
    decayed.dispose()
  }
}

/** Adam shrinks weights through the gradient. */
function addWeightDecay(
  gradient: Tensor,
  parameter: Variable,
  { weightDecay }: ParameterGroup,
): Tensor {
  const shrinking = scale(parameter, weightDecay)
  const sum = add(gradient, shrinking)
  shrinking.dispose()
  return sum
}

function findParameter(
  { student }: TrainingState,
  name: string,
): { readonly part: ModelPart; readonly parameter: Variable } {
  const inBackbone = student.backbone.get(name)
  if (inBackbone) return { part: 'backbone', parameter: inBackbone }
  return { part: 'head', parameter: student.head.get(name) as Variable }
}
