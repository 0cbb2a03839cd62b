import * as z from 'zod'

/** A condition as metav1.Condition has it. */
export const Condition = z.strictObject({
  type: z.string().max(316).describe('type of the condition.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('status of the condition.'),
  observedGeneration: z
    .int32()
    .min(0)
    .optional()
    .describe('observedGeneration is the generation the condition was made from.'),
  lastTransitionTime: z.iso.datetime().describe('lastTransitionTime is when status last changed.'),
  reason: z.string().max(1024).describe('reason is one word for programs.'),
  message: z.string().max(4096).describe('message is a sentence for people.'),
})
export type Condition = z.infer<typeof Condition>

export type ConditionType =
  | 'Ready'
  | 'Complete'
  | 'Failed'
  | 'Reconciling'
  | 'Stalled'
  | 'Accepted'
  | 'BusDegraded'

export const conditions = z
  .array(Condition)
  .max(16)
  .optional()
  .describe('conditions of the object; Ready is what kubectl get shows.')
  .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] })
