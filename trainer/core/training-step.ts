import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { adamwStep } from '../../vision/ops/adamw-step.ts'
import { add, scale } from '../../vision/ops/arithmetic.ts'
import { emaStep } from '../../vision/ops/ema-step.ts'
import { gradientNorm } from '../../vision/ops/gradient-norm.ts'
import { chooseParameterGroup, type ModelPart, type ParameterGroup } from './parameter-groups.ts'
import { computeScheduledValues, type ScheduledValues } from './schedules.ts'
import { computeStepGradients, type StepDraws } from './step-gradients.ts'
import type { Moments, TrainingState } from './training-state.ts'
import type { ViewBatch } from './view-batch.ts'

/** The betas and epsilon of torch's AdamW, which the released program leaves as they are. */
const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const

export interface StepPosition {
  /** Counts from 0. */
  readonly step: number
  readonly totalSteps: number
}

export interface StepResult {
  readonly loss: number
  /** False when the loss or a gradient is NaN or infinite: then nothing has moved. */
  readonly isFinite: boolean
  readonly scheduled: ScheduledValues
}

/**
 * One step of training in the order of the released program (docs/method.md §1.7): forward and loss,
 * then the teacher follows the student as it was before this step, then AdamW. No clipping. A loss of exactly 0
 * moves no parameter. The golden file is neco_train_steps.json.
 */
export function runTrainingStep(
  state: TrainingState,
  batch: ViewBatch,
  { place, draws }: { readonly place: StepPosition; readonly draws: StepDraws },
): StepResult {
  const scheduled = computeScheduledValues(state.settings.optimizer, place)
  const { value: loss, gradients } = computeStepGradients(state, batch, draws)
  const isUsable = Number.isFinite(loss) && Number.isFinite(gradientNorm(gradients.values()))
  if (isUsable) {
    updateTeacher(state, scheduled.teacherMomentum)
    if (loss !== 0) updateStudent(state, gradients, scheduled)
  }
  for (const gradient of gradients.values()) gradient.dispose()
  return { loss, isFinite: isUsable, scheduled }
}

function updateTeacher({ teacher, student }: TrainingState, momentum: number): void {
  if (teacher === undefined) return
  emaStep(teacher.backbone, student.backbone, momentum)
  emaStep(teacher.head, student.head, momentum)
}

function updateStudent(
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
