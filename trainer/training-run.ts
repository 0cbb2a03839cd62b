import type { RunConfig } from '../contract/run-config.ts'
import type { CheckpointRequest } from '../pod/checkpoint-request.ts'
import type { ReportBody, Spool } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import type { Volumes } from '../std/files/volumes.ts'
import type { Dataset } from '../vision/datasets/dataset.ts'
import type { TrainingState } from './core/training-state.ts'

/** The ports of a trainer. */
export interface TrainerDependencies {
  readonly storage: Storage
  /** Where data sets and initial weights are. */
  readonly volumes: Volumes
  /** Aborted when the pod has to stop: training ends with a checkpoint after the current step. */
  readonly signal: AbortSignal
  readonly monotonicMs: () => number
  /** Lets signals in between two steps. */
  readonly yieldToEventLoop: () => Promise<void>
  readonly openSpool: (attemptFolder: string) => Promise<Spool>
  /** Receives each finished step, also between two reports. */
  readonly onStep?: (step: ReportBody) => void
  /** Asks for checkpoints between two steps, and is notified of each. */
  readonly checkpointRequests?: CheckpointRequest
  readonly log: (message: string, data: Readonly<Record<string, unknown>>) => void
  /** As log, for what a person should see. */
  readonly warn: (message: string, data: Readonly<Record<string, unknown>>) => void
  /** Identity of the backend that was started. */
  readonly backend: string
}

/** One training of one pod. */
export interface TrainingRun {
  readonly config: RunConfig
  readonly dependencies: TrainerDependencies
  readonly runKey: string
  /** Folder of the attempt under the storage. */
  readonly folder: string
  readonly spool: Spool
  readonly state: TrainingState
  readonly data: Dataset
  readonly totalSteps: number
}

export interface StepProgress {
  /** Finished steps. */
  readonly step: number
  /** Of the last step that this pod made; undefined when it made none. */
  readonly loss: number | undefined
}
