import * as z from 'zod'
import { type Rule, withRules } from '../rule.ts'

const QUANTITY = /^([0-9]+(\.[0-9]+)?|\.[0-9]+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/

const isQuantity = (value: unknown): boolean =>
  (typeof value === 'number' && Number.isInteger(value) && value >= 0) ||
  (typeof value === 'string' && value.length <= 32 && QUANTITY.test(value))

/** An amount as Kubernetes writes it: 1, "500m", 8Gi. */
const Quantity = z
  .custom<string | number>(isQuantity, { error: 'expected an amount such as 1, 500m or 8Gi' })
  .meta({ 'x-kubernetes-int-or-string': true, pattern: QUANTITY.source, maxLength: 32, minimum: 0 })

const MAX_ENTRIES = 16
const hasFewEntries = <T extends object>(record: T): boolean =>
  Object.keys(record).length <= MAX_ENTRIES
const tooManyEntriesError = { error: `at most ${MAX_ENTRIES} entries` }

const quantities = z
  .record(z.string().max(253), Quantity)
  .refine(hasFewEntries, tooManyEntriesError)
  .meta({ maxProperties: MAX_ENTRIES })
  .optional()
const stringMap = z
  .record(z.string().max(317), z.string().max(63))
  .refine(hasFewEntries, tooManyEntriesError)
  .meta({ maxProperties: MAX_ENTRIES })

const dnsName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)

/** What a container asks for and may use at most, as in a pod. */
export const Resources = z.strictObject({
  requests: quantities.describe('requests is what a node must have free.'),
  limits: quantities.describe('limits is what may be used at most; nvidia.com/gpu stands here.'),
})
export type Resources = z.infer<typeof Resources>

export const Toleration = z.strictObject({
  key: z.string().max(317).optional().describe('key of the taint; every taint when left out.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('operator is Equal when left out.'),
  value: z.string().max(63).optional().describe('value of the taint, for Equal.'),
  effect: z
    .enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])
    .optional()
    .describe('effect of the taint; every effect when left out.'),
  tolerationSeconds: z
    .int32()
    .min(0)
    .optional()
    .describe('tolerationSeconds is how long NoExecute is tolerated; for ever when left out.'),
})

const plainVolume = z.strictObject({
  name: z
    .string()
    .max(63)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
    .describe('name of the volume, as data and model.weights call it.'),
  claim: dnsName.optional().describe('claim is the PersistentVolumeClaim that holds it.'),
  image: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('image is an image whose files are mounted, read-only.'),
  path: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('path on the claim; the whole claim when left out.'),
})
type Volume = z.infer<typeof plainVolume>
const volumeRules: readonly Rule<Volume>[] = [
  {
    cel: 'has(self.claim) != has(self.image)',
    holds: ({ claim, image }) => (claim === undefined) !== (image === undefined),
    message: 'a volume is either a claim or an image',
  },
  {
    cel: "!has(self.path) || (!self.path.startsWith('/') && !self.path.split('/').exists(part, part == '..'))",
    holds: ({ path }) =>
      path === undefined || (!path.startsWith('/') && !path.split('/').includes('..')),
    message: 'path is relative to the claim and has no ..',
    field: ['path'],
  },
]
const Volume = withRules(plainVolume, volumeRules)

const ContainerOverride = z.strictObject({
  name: z.enum(['trainer', 'evaluator']).describe('name of the container.'),
  image: z.string().min(1).max(1024).optional().describe('image of this container alone.'),
  resources: Resources.optional().describe('resources of this container alone.'),
  env: z
    .array(
      z.strictObject({
        name: z
          .string()
          .max(253)
          .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
          .describe('name of the variable.'),
        value: z.string().max(4096).describe('value of the variable.'),
      }),
    )
    .max(32)
    .optional()
    .describe('env adds variables.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
})

/**
 * What a manifest may set on pods: a closed list, so that no run gets privileges, host paths or
 * service accounts.
 */
export const PodSettings = z.strictObject({
  image: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('image of trainer and evaluator; that of the operator when left out.'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .optional()
    .describe('imagePullPolicy as in a pod.'),
  imagePullSecrets: z
    .array(dnsName)
    .max(8)
    .optional()
    .describe('imagePullSecrets are names of Secrets that the node pulls with.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  resources: Resources.optional().describe(
    'resources of the trainer, and of evaluators that name none; those of the operator when left out.',
  ),
  nodeSelector: stringMap.optional().describe('nodeSelector names labels that the node must have.'),
  tolerations: z
    .array(Toleration)
    .max(16)
    .optional()
    .describe('tolerations of taints of nodes.')
    .meta({ 'x-kubernetes-list-type': 'atomic' }),
  volumes: z
    .array(Volume)
    .max(16)
    .optional()
    .describe('volumes that data and model.weights name, mounted read-only.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
  priorityClassName: dnsName.optional().describe('priorityClassName as in a pod.'),
  runtimeClassName: dnsName.optional().describe('runtimeClassName as in a pod.'),
  gracePeriodSeconds: z
    .int32()
    .min(5)
    .max(3600)
    .optional()
    .describe('gracePeriodSeconds is how long a pod has to write a checkpoint; 30 when left out.'),
  containers: z
    .array(ContainerOverride)
    .max(2)
    .optional()
    .describe('containers overrides by name of container.')
    .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }),
})
export type PodSettings = z.infer<typeof PodSettings>

/** Where everything that a run computes lies. */
export const StorageSettings = z.strictObject({
  claim: dnsName.describe('claim is the PersistentVolumeClaim; the operator never makes one.'),
  path: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .describe('path on the claim; its root when left out.'),
})
export type StorageSettings = z.infer<typeof StorageSettings>
