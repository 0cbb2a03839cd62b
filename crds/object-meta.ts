import * as z from 'zod'

const labels = z.record(z.string(), z.string())

const OwnerReference = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  uid: z.string(),
  controller: z.boolean().optional(),
  blockOwnerDeletion: z.boolean().optional(),
})

/** What a person writes under metadata, and what a store adds to it. */
export const ObjectMeta = z.looseObject({
  name: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/),
  namespace: z.string().optional(),
  uid: z.string().optional(),
  resourceVersion: z.string().optional(),
  generation: z.int32().optional(),
  creationTimestamp: z.iso.datetime().optional(),
  deletionTimestamp: z.iso.datetime().optional(),
  labels: labels.optional(),
  annotations: labels.optional(),
  ownerReferences: z.array(OwnerReference).optional(),
})
export type ObjectMeta = z.infer<typeof ObjectMeta>
