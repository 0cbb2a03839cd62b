import type { Resources, StorageSettings } from '../../../crds/spec/pod.ts'

/** What the operator gives pods whose run says nothing of it. */
export interface JobDefaults {
  readonly image?: string | undefined
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never' | undefined
  readonly imagePullSecrets?: readonly string[] | undefined
  readonly storage?: StorageSettings | undefined
  readonly resources?: Resources | undefined
  /** Of evaluators; `resources` where left out. */
  readonly evaluatorResources?: Resources | undefined
  /** Where pods serve /metrics; nowhere where left out. */
  readonly metricsPort?: number | undefined
}
