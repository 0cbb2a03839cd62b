import * as z from 'zod'
import { Preset } from '../../method/presets.ts'
import { checkpointFields } from '../../method/settings/checkpoint.ts'
import { DatasetSettings } from '../../method/settings/data.ts'
import { evaluationFields, Profile } from '../../method/settings/evaluation.ts'
import { FileReference } from '../../method/settings/file-reference.ts'
import { lossFields } from '../../method/settings/loss.ts'
import { Architecture, headFields, modelShapeFields } from '../../method/settings/model.ts'
import { optimizerFields } from '../../method/settings/optimizer.ts'
import { referencesFields } from '../../method/settings/references.ts'
import { viewsFields } from '../../method/settings/views.ts'
import { type Rule, withRules } from '../rule.ts'
import { Deadlines, Retries } from './deadlines.ts'
import { PodSettings, Resources, StorageSettings } from './pod.ts'

type Dataset = z.infer<typeof DatasetSettings>

const datasetRules: readonly Rule<Dataset>[] = [
  {
    cel: "self.kind == 'Scenes' || has(self.path)",
    holds: ({ kind, path }) => kind === 'Scenes' || path !== undefined,
    message: 'path is required: the folder that holds the images',
  },
  {
    cel: "self.kind != 'Scenes' || (has(self.count) && !has(self.path) && !has(self.volume))",
    holds: ({ kind, count, path, volume }) =>
      kind !== 'Scenes' || (count !== undefined && path === undefined && volume === undefined),
    message: 'Scenes are drawn by code: count is required, path and volume are not allowed',
  },
  {
    cel: "self.kind == 'Voc' || (!has(self.split) && !has(self.masks) && !has(self.classes))",
    holds: ({ kind, split, masks, classes }) =>
      kind === 'Voc' || [split, masks, classes].every((field) => field === undefined),
    message: 'split, masks and classes belong to kind Voc',
  },
  {
    cel: "self.kind != 'Voc' || has(self.split)",
    holds: ({ kind, split }) => kind !== 'Voc' || split !== undefined,
    message: 'split is required for Voc: the list of names under ImageSets/Segmentation',
  },
  {
    cel: "self.kind == 'Scenes' || !has(self.firstSeed)",
    holds: ({ kind, firstSeed }) => kind === 'Scenes' || firstSeed === undefined,
    message: 'firstSeed belongs to kind Scenes',
  },
]
const Dataset = withRules(DatasetSettings, datasetRules)

const isOrderedRange = (range: readonly number[] | undefined): boolean =>
  range === undefined || (range[0] ?? 0) <= (range[1] ?? 0)
const buildOrderedRule = (
  field: 'globalScale' | 'localScale' | 'aspectRatio' | 'blurRadius',
): Rule<PartialViews> => ({
  cel: `!has(self.${field}) || self.${field}[0] <= self.${field}[1]`,
  holds: (views) => isOrderedRange(views[field]),
  message: `${field} is [least, greatest]: the first must not exceed the second`,
  field: [field],
})
const partialViews = z.strictObject(viewsFields).partial()
type PartialViews = z.infer<typeof partialViews>
const Views = withRules(partialViews, [
  buildOrderedRule('globalScale'),
  buildOrderedRule('localScale'),
  buildOrderedRule('aspectRatio'),
  buildOrderedRule('blurRadius'),
]).describe('views are the crops and their augmentation.')

const partialReferences = z.strictObject(referencesFields).partial()
const References = withRules(partialReferences, [
  {
    cel: "!has(self.source) || self.source != 'TeacherQueue' || !has(self.neighbors) || self.neighbors == 'Inter'",
    holds: ({ source, neighbors }) =>
      source !== 'TeacherQueue' || neighbors === undefined || neighbors === 'Inter',
    message:
      'a queue does not know its images: neighbors InterStrict and Intra need source TeacherBatch or StudentFraction',
    field: ['neighbors'],
  },
  {
    cel: "!has(self.source) || self.source == 'StudentFraction' || !has(self.fraction)",
    holds: ({ source, fraction }) =>
      source === undefined || source === 'StudentFraction' || fraction === undefined,
    message: 'fraction belongs to source StudentFraction; the others take count',
    field: ['fraction'],
  },
  {
    cel: "!has(self.source) || self.source != 'StudentFraction' || !has(self.count)",
    holds: ({ source, count }) => source !== 'StudentFraction' || count === undefined,
    message: 'count follows from fraction where source is StudentFraction',
    field: ['count'],
  },
  {
    cel: "!has(self.source) || self.source == 'TeacherQueue' || !has(self.queueLength)",
    holds: ({ source, queueLength }) =>
      source === undefined || source === 'TeacherQueue' || queueLength === undefined,
    message: 'queueLength belongs to source TeacherQueue',
    field: ['queueLength'],
  },
]).describe('references are the patches that every patch ranks.')

const partialModel = z.strictObject({
  architecture: Architecture.optional().describe(
    'architecture names a row of defaults for the shape of the backbone.',
  ),
  ...z.strictObject(modelShapeFields).partial().shape,
  head: z.strictObject(headFields).partial().optional().describe('head is the projection head.'),
  weights: FileReference.optional().describe(
    'weights is a safetensors file to start from; random when left out.',
  ),
  initSeed: z
    .int32()
    .min(0)
    .optional()
    .describe('initSeed draws what the weights do not hold; replicates do not touch it.'),
})
const Model = withRules(partialModel, [
  {
    cel: '!has(self.dim) || !has(self.heads) || self.dim % self.heads == 0',
    holds: ({ dim, heads }) => dim === undefined || heads === undefined || dim % heads === 0,
    message: 'heads must divide dim',
    field: ['heads'],
  },
  {
    cel: "!has(self.family) || self.family != 'DinoV1' || !has(self.registers) || self.registers == 0",
    holds: ({ family, registers }) =>
      family !== 'DinoV1' || registers === undefined || registers === 0,
    message: 'DinoV1 has no registers',
    field: ['registers'],
  },
]).describe('model is the Vision Transformer and its projection head.')

const Evaluation = withRules(
  z.strictObject({
    ...evaluationFields,
    memory: Dataset.describe(
      'memory is the labeled set that is searched, and that the linear head is trained on.',
    ),
    validation: Dataset.describe('validation is the labeled set that is measured.'),
    profile: Profile.optional().describe(
      'profile names the numbers of the protocols; Official when left out.',
    ),
    source: evaluationFields.source.optional(),
    seed: evaluationFields.seed.optional(),
    resources: Resources.optional().describe(
      'resources of its evaluator; those of pod when left out.',
    ),
  }),
  [
    {
      cel: "self.memory.kind != 'ImageFolder' && self.validation.kind != 'ImageFolder'",
      holds: ({ memory, validation }) =>
        memory.kind !== 'ImageFolder' && validation.kind !== 'ImageFolder',
      message: 'memory and validation need masks: kind Scenes or Voc',
    },
  ],
)

const runSpecFields = {
  preset: Preset.optional().describe(
    'preset fills every setting left out: Official as the released code does, Paper as the paper says. Official when left out.',
  ),
  model: Model.optional(),
  data: Dataset.describe('data is the unlabeled training set.'),
  views: Views.optional(),
  references: References.optional(),
  loss: z
    .strictObject(lossFields)
    .partial()
    .optional()
    .describe('loss is the neighbor-order loss and its options.'),
  optimizer: z
    .strictObject(optimizerFields)
    .partial()
    .optional()
    .describe('optimizer is batch, schedule and optimizer.'),
  seed: z
    .int32()
    .min(0)
    .max(2_000_000_000)
    .optional()
    .describe('seed of training: replicate r takes seed + r. 400 when left out.'),
  checkpoint: z
    .strictObject(checkpointFields)
    .partial()
    .optional()
    .describe('checkpoint says how often, and how many are kept.'),
  evaluations: z
    .array(Evaluation)
    .max(8)
    .optional()
    .describe('evaluations of the backbone before, during and after training.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  evaluationParallelism: z
    .int32()
    .min(0)
    .max(8)
    .optional()
    .describe(
      'evaluationParallelism is how many evaluators run at once. From 1 on a fraction of the schedule is measured as soon as its checkpoint is complete, while the training continues, and the storage must be ReadWriteMany; with 0 evaluations wait for the end of the training and run one at a time. When left out, 1 in a cluster whose storage is ReadWriteMany, else 0. It cannot be changed while the run lives.',
    ),
  threads: z
    .int32()
    .min(1)
    .max(64)
    .optional()
    .describe('threads of the backend; results do not depend on it. 1 when left out.'),
  pod: PodSettings.optional().describe('pod says where and with what the pods run.'),
  storage: StorageSettings.optional().describe(
    'storage of the run in a cluster; that of the operator when left out.',
  ),
  queueName: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .optional()
    .describe('queueName is the LocalQueue of Kueue that admits the Jobs.'),
  ttlSecondsAfterFinished: z
    .int32()
    .min(0)
    .max(31_536_000)
    .optional()
    .describe(
      'ttlSecondsAfterFinished is how long Jobs and Secrets of an ended run stay; 3600 when left out. The run itself stays.',
    ),
  suspend: z
    .boolean()
    .optional()
    .describe('suspend stops the run after a checkpoint; false resumes it.'),
  deadlines: Deadlines.optional(),
  retries: Retries.optional(),
}
const plainRunSpec = z.strictObject(runSpecFields)
type PlainRunSpec = z.infer<typeof plainRunSpec>

const hasUniqueEvaluationNames = ({ evaluations = [] }: PlainRunSpec): boolean =>
  new Set(evaluations.map(({ name }) => name)).size === evaluations.length

/**
 * The rules of a run template; immutability stands at NeCoRun, since a template is immutable as a
 * part of its sweep.
 */
const RUN_SPEC_RULES: readonly Rule<PlainRunSpec>[] = [
  {
    cel: '!has(self.loss) || !has(self.loss.keptNeighbors) || !has(self.references) || !has(self.references.count) || self.loss.keptNeighbors <= self.references.count',
    holds: ({ loss, references }) =>
      loss?.keptNeighbors === undefined ||
      references?.count === undefined ||
      loss.keptNeighbors <= references.count,
    message: 'keptNeighbors (K) must not exceed references.count (R)',
    field: ['loss', 'keptNeighbors'],
  },
  {
    cel: "!has(self.loss) || !has(self.loss.patches) || self.loss.patches == 'All' || !has(self.model) || !has(self.model.registers) || self.model.registers == 0",
    holds: ({ loss, model }) =>
      loss?.patches === undefined ||
      loss.patches === 'All' ||
      model?.registers === undefined ||
      model.registers === 0,
    message:
      'patches Foreground and Background read the attention of the class token, which needs model.registers 0',
    field: ['loss', 'patches'],
  },
]

const uniqueNamesRule: Rule<PlainRunSpec> = {
  cel: '!has(self.evaluations) || self.evaluations.all(e, self.evaluations.exists_one(o, o.name == e.name))',
  holds: hasUniqueEvaluationNames,
  message: 'each evaluation needs a name of its own',
  field: ['evaluations'],
}

export const RunSpec = withRules(plainRunSpec, [...RUN_SPEC_RULES, uniqueNamesRule])
export type RunSpec = z.infer<typeof RunSpec>

/** The fields of a run that may be edited while it lives. */
const MUTABLE_RUN_FIELDS = ['suspend', 'deadlines', 'retries', 'ttlSecondsAfterFinished'] as const
export const IMMUTABLE_RUN_FIELDS = Object.keys(runSpecFields).filter(
  (field) => !(MUTABLE_RUN_FIELDS as readonly string[]).includes(field),
)
export { plainRunSpec }
