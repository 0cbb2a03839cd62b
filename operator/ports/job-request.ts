import type { RunConfig } from '../../contract/run-config.ts'
import type { TaskAddress } from '../../contract/task-address.ts'
import type { Resources } from '../../crds/spec/pod.ts'
import type { RunSpec } from '../../crds/spec/run-spec.ts'

/**
 * What a platform fills in when it starts a pod: where the storage and the volumes are for it, and
 * how it is reached.
 */
type PlatformFields = 'storage' | 'volumes' | 'bus' | 'metricsPort'

/** Where and with what a pod of a cluster runs; one machine has no use for it. */
export interface Placement extends Pick<RunSpec, 'pod' | 'storage' | 'queueName'> {
  /** What the entry of `evaluations` asks for. */
  readonly resources?: Resources | undefined
  /** The image that the first pod of the run reported: later attempts use it too. */
  readonly imageId?: string
}

export type ExecutionRequest = Omit<RunConfig['execution'], PlatformFields>

/**
 * A short Job that ships what ended pods of a run left on the storage, before a platform makes a
 * Job of it.
 */
export interface ReaderRequest extends Pick<JobRequest, 'name' | 'namespace' | 'owner' | 'sweep'> {
  /** Where to look; everywhere on the storage where empty. */
  readonly runKeys: readonly string[]
  readonly placement: Placement
}

/** One attempt at one task, before a platform makes a Job of it. */
export interface JobRequest {
  readonly name: string
  readonly namespace: string
  /** The run that owns the Job. */
  readonly owner: { readonly name: string; readonly uid: string }
  readonly task: TaskAddress
  readonly attempt: number
  readonly program: 'trainer' | 'evaluator'
  readonly sweep?: string
  readonly result: RunConfig['result']
  readonly execution: ExecutionRequest
  /** The evaluation that this is; the training where left out. */
  readonly evaluation?: RunConfig['evaluation']
  /** Set for an evaluation that runs beside the training: it measures the complete checkpoints. */
  readonly isBesideTraining?: boolean
  /**
   * Every evaluation of the run in its order, for a platform that writes the configuration of all
   * pods once.
   */
  readonly evaluations?: readonly NonNullable<RunConfig['evaluation']>[]
  readonly placement: Placement
}
