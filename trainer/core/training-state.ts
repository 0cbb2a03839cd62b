import type { Variable } from '@tensorflow/tfjs-core'
import type { ResultSettings } from '../../method/result-settings.ts'
import { readTensorValues, toVariable } from '../../vision/ops/tensor-values.ts'
import { buildParameters } from '../../vision/vit/build-parameters.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'
import { listTrainableNames, type ModelPart } from './parameter-groups.ts'
import { buildHead } from './projection-head.ts'
import { TeacherQueue } from './teacher-queue.ts'

export type Variables = ReadonlyMap<string, Variable>
/** Backbone and head; their names never meet. */
export type ModelVariables = Readonly<Record<ModelPart, Variables>>

/** First and second moments of the optimizer for one parameter. */
export interface Moments {
  readonly first: Variable
  readonly second: Variable
}

/** All that training changes. */
export interface TrainingState {
  readonly settings: ResultSettings
  readonly student: ModelVariables
  /** Undefined where the student is its own teacher. */
  readonly teacher: ModelVariables | undefined
  /** Of every parameter that is trained. */
  readonly moments: ReadonlyMap<string, Moments>
  readonly queue: TeacherQueue | undefined
  /** How often the optimizer has moved the parameters. */
  updates: number
}

export interface InitialState {
  /** Backbone to start from; random where left out. */
  readonly weights?: ReadonlyMap<string, WeightTensor> | undefined
}

/**
 * The state before the first step. The teacher's backbone is a copy of the student's; heads are as
 * head.teacherHead says. The caller closes it.
 */
export function createTrainingState(
  settings: ResultSettings,
  { weights }: InitialState,
): TrainingState {
  const { model, loss } = settings
  const { initSeed } = model
  const head = (owner: 'Student' | 'Teacher') =>
    buildHead(model.head, { inputDim: model.dim, initSeed, owner })
  const backbone = buildParameters(model, { weights, initSeed })
  const student = { backbone, head: head('Student') }
  const teacherHead = () =>
    model.head.teacherHead === 'Copy' ? cloneVariables(student.head) : head('Teacher')
  const teacher =
    loss.teacher === 'None'
      ? undefined
      : { backbone: cloneVariables(backbone), head: teacherHead() }
  return {
    settings,
    student,
    teacher,
    moments: zeroMoments(selectTrainableVariables(settings, student)),
    queue: emptyQueue(settings),
    updates: 0,
  }
}

function emptyQueue({ references, model }: ResultSettings): TeacherQueue | undefined {
  if (references.source !== 'TeacherQueue') return undefined
  return new TeacherQueue({ length: references.queueLength ?? 0, dim: model.head.outputDim })
}

/**
 * The parameters that are trained, by name: those of the backbone that trainableBlocks leaves, and
 * the head.
 */
export function selectTrainableVariables(
  { model, optimizer }: ResultSettings,
  { backbone, head }: ModelVariables,
): Variables {
  const { depth } = model
  const { trainableBlocks } = optimizer
  const names = listTrainableNames(backbone.keys(), { depth, trainableBlocks })
  const chosen = names.map((name) => [name, backbone.get(name) as Variable] as const)
  return new Map([...chosen, ...head])
}

function zeroMoments(parameters: Variables): ReadonlyMap<string, Moments> {
  const zeros = ({ size, shape }: Variable) => toVariable(new Float32Array(size), shape)
  return new Map(
    [...parameters].map(([name, parameter]) => [
      name,
      { first: zeros(parameter), second: zeros(parameter) },
    ]),
  )
}

const cloneVariables = (variables: Variables): Variables =>
  new Map(
    [...variables].map(([name, variable]) => [
      name,
      toVariable(readTensorValues(variable), variable.shape),
    ]),
  )

/** Gives back everything that the state holds. */
export function disposeTrainingState({ student, teacher, moments, queue }: TrainingState): void {
  for (const model of [student, teacher]) {
    for (const part of model ? [model.backbone, model.head] : []) {
      for (const variable of part.values()) variable.dispose()
    }
  }
  for (const { first, second } of moments.values()) {
    first.dispose()
    second.dispose()
  }
  queue?.close()
}
