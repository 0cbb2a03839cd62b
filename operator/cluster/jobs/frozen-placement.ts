import * as z from 'zod'
import { Resources, StorageSettings } from '../../../crds/spec/pod.ts'
import type { Blocker } from '../../ports/blocker.ts'
import type { JobRequest, Placement } from '../../ports/job-request.ts'
import type { JobDefaults } from './job-defaults.ts'

type Program = JobRequest['program']

/**
 * `placement.json`: what a run and the defaults of its first day say together, so that an upgrade
 * of the operator does not alter a live run.
 */
export const FrozenPlacement = z.strictObject({
  schemaVersion: z.literal(1),
  images: z.strictObject({ trainer: z.string().min(1), evaluator: z.string().min(1) }),
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  imagePullSecrets: z.array(z.string()),
  storage: StorageSettings,
  resources: z.strictObject({ trainer: Resources.optional(), evaluator: Resources.optional() }),
  metricsPort: z.int().optional(),
  hasBus: z.boolean().describe('hasBus says that each attempt has a Secret to reach the bus with.'),
})
export type FrozenPlacement = z.infer<typeof FrozenPlacement>

const findContainerOverride = ({ pod }: Placement, program: Program) =>
  pod?.containers?.find(({ name }) => name === program)

const resolveImage = (placement: Placement, defaults: JobDefaults, program: Program) =>
  findContainerOverride(placement, program)?.image ?? placement.pod?.image ?? defaults.image

/**
 * The most specific of all that name resources counts, whole: an evaluator that names some asks for
 * no GPU of the trainer.
 */
function resolveResources(placement: Placement, defaults: JobDefaults, program: Program) {
  const operatorDefault =
    program === 'evaluator'
      ? (defaults.evaluatorResources ?? defaults.resources)
      : defaults.resources
  return (
    findContainerOverride(placement, program)?.resources ??
    placement.pod?.resources ??
    operatorDefault
  )
}

const IMAGE_NOT_CONFIGURED: Blocker = {
  reason: 'ImageNotConfigured',
  path: 'pod.image',
  message: 'neither the run nor the operator names an image: set pod.image, or defaults.image',
}

const STORAGE_NOT_CONFIGURED: Blocker = {
  reason: 'StorageNotConfigured',
  path: 'storage.claim',
  message:
    'neither the run nor the operator names a PersistentVolumeClaim: set storage.claim, or defaults.storage.claim',
}

type PlacementFields = Pick<Placement, 'pod' | 'storage'>

/** Whether pods can be placed at all: an image for both programs, and a claim. */
export function findPlacementBlockers(
  placement: PlacementFields,
  defaults: JobDefaults,
): Blocker[] {
  const programs = ['trainer', 'evaluator'] as const
  const hasImages = programs.every((one) => resolveImage(placement, defaults, one) !== undefined)
  const hasStorage = (placement.storage ?? defaults.storage) !== undefined
  return [
    ...(hasImages ? [] : [IMAGE_NOT_CONFIGURED]),
    ...(hasStorage ? [] : [STORAGE_NOT_CONFIGURED]),
  ]
}

const optional = <Key extends string, Value>(key: Key, value: Value | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value }

/**
 * What a run says, else what the operator says, without the bus; undefined where
 * `placementObstacles` finds any.
 */
export function freezePlacement(
  placement: Placement,
  defaults: JobDefaults,
): Omit<FrozenPlacement, 'hasBus'> | undefined {
  const trainer = resolveImage(placement, defaults, 'trainer')
  const evaluator = resolveImage(placement, defaults, 'evaluator')
  const storage = placement.storage ?? defaults.storage
  if (trainer === undefined || evaluator === undefined || storage === undefined) return undefined
  const { pod } = placement
  return {
    schemaVersion: 1,
    images: { trainer, evaluator },
    ...optional('imagePullPolicy', pod?.imagePullPolicy ?? defaults.imagePullPolicy),
    imagePullSecrets: [...(pod?.imagePullSecrets ?? defaults.imagePullSecrets ?? [])],
    storage,
    resources: {
      ...optional('trainer', resolveResources(placement, defaults, 'trainer')),
      ...optional('evaluator', resolveResources(placement, defaults, 'evaluator')),
    },
    ...optional('metricsPort', defaults.metricsPort),
  }
}
