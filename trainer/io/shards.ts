import type { ShardName } from '../../contract/checkpoint-manifest.ts'
import { assignValues, readTensorValues } from '../../vision/ops/tensor-values.ts'
import { parameterValues } from '../../vision/vit/build-parameters.ts'
import type { WeightTensor } from '../../vision/weights/weight-values.ts'
import type { TrainingState, Variables } from '../core/training-state.ts'
import type { ShardContent } from './write-checkpoint.ts'

type ShardContents = ReadonlyMap<ShardName, ShardContent>

const toParameterShard = (variables: Variables): ShardContent => ({
  tensors: parameterValues(variables),
})

/** Copies of all that training changes, group by group. */
export function buildShards(state: TrainingState): ShardContents {
  const { student, teacher, queue } = state
  const shards = new Map<ShardName, ShardContent>([
    ['student', toParameterShard(student.backbone)],
    ['student-head', toParameterShard(student.head)],
    ['moments', toMomentsShard(state)],
  ])
  if (teacher) {
    shards.set('teacher', toParameterShard(teacher.backbone))
    shards.set('teacher-head', toParameterShard(teacher.head))
  }
  if (queue) {
    const rows = { shape: queue.rows.shape, values: readTensorValues(queue.rows) }
    const metadata = { entries0: String(queue.entries(0)), entries1: String(queue.entries(1)) }
    shards.set('queue', { tensors: new Map([['rows', rows]]), metadata })
  }
  return shards
}

function toMomentsShard({ moments, updates }: TrainingState): ShardContent {
  const tensors = [...moments].flatMap(([name, { first, second }]) => [
    [`${name}.first`, { shape: first.shape, values: readTensorValues(first) }] as const,
    [`${name}.second`, { shape: second.shape, values: readTensorValues(second) }] as const,
  ])
  return { tensors: new Map(tensors), metadata: { updates: String(updates) } }
}

/** Puts a checkpoint into a state of the same settings. Throws where a tensor is missing. */
export function restoreState(state: TrainingState, shards: ShardContents): void {
  const { student, teacher, queue } = state
  const requireShard = (name: ShardName): ShardContent => {
    const content = shards.get(name)
    if (content === undefined) throw new Error(`the checkpoint has no shard ${name}`)
    return content
  }
  assignAll(student.backbone, requireShard('student'))
  assignAll(student.head, requireShard('student-head'))
  restoreMoments(state, requireShard('moments'))
  if (teacher) {
    assignAll(teacher.backbone, requireShard('teacher'))
    assignAll(teacher.head, requireShard('teacher-head'))
  }
  if (queue) {
    const content = requireShard('queue')
    const { entries0, entries1 } = content.metadata ?? {}
    queue.restore(requireTensor(content, 'rows').values, [Number(entries0), Number(entries1)])
  }
}

function requireTensor({ tensors }: ShardContent, name: string): WeightTensor {
  const tensor = tensors.get(name)
  if (tensor === undefined) throw new Error(`the checkpoint has no tensor ${name}`)
  return tensor
}

function assignAll(variables: Variables, content: ShardContent): void {
  for (const [name, variable] of variables)
    assignValues(variable, requireTensor(content, name).values)
}

function restoreMoments(state: TrainingState, content: ShardContent): void {
  state.updates = Number(content.metadata?.['updates'])
  for (const [name, { first, second }] of state.moments) {
    assignValues(first, requireTensor(content, `${name}.first`).values)
    assignValues(second, requireTensor(content, `${name}.second`).values)
  }
}
