import type { RunConfig } from './run-config.ts'

/** What a home fills in when it starts a pod: who the pod is, and where the storage and the volumes are for it. */
type HomeFields = 'storage' | 'volumes'

export type ExecutionRequest = Omit<RunConfig['execution'], HomeFields>

/** One attempt at one piece of work, before a home makes a Job of it. */
export interface JobRequest {
  readonly name: string
  readonly namespace: string
  /** The run that owns the Job. */
  readonly owner: { readonly name: string; readonly uid: string }
  /** train, or the name of the evaluation. */
  readonly work: string
  readonly attempt: number
  readonly program: 'trainer' | 'evaluator'
  readonly sweep?: string
  readonly result: RunConfig['result']
  readonly execution: ExecutionRequest
  readonly evaluation?: RunConfig['evaluation']
}
