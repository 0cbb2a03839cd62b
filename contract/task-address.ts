import * as z from 'zod'

/** What a task of a run does. */
export const TaskKind = z.enum(['Training', 'Evaluation'])
export type TaskKind = z.infer<typeof TaskKind>

/**
 * Which task of a run: its kind and its name together, since an evaluation may be called anything.
 */
export const TaskAddress = z.strictObject({
  kind: TaskKind,
  name: z.string().min(1).max(40).describe('name is training, or the name of the evaluation.'),
})
export type TaskAddress = z.infer<typeof TaskAddress>

/** The one training of a run. */
export const TRAINING: TaskAddress = { kind: 'Training', name: 'training' }

/**
 * The address in one word, for labels, subjects and keys: `training` or `evaluation.<name>`. No two
 * tasks of a run share one.
 */
export const formatTaskKey = ({ kind, name }: TaskAddress): string =>
  kind === 'Training' ? TRAINING.name : `evaluation.${name}`

/** The address in the words of a message: `training` or `evaluation <name>`. */
export const describeTask = ({ kind, name }: TaskAddress): string =>
  kind === 'Training' ? TRAINING.name : `evaluation ${name}`
