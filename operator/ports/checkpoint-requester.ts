import type { AttemptAddress } from '../../contract/bus-names.ts'

/** Asks live pods for checkpoints. A request may be lost: nothing depends on it. */
export interface CheckpointRequester {
  /** Asks the pod of an attempt to write one now; returns at once. */
  request(attempt: AttemptAddress): void
}

/** For a platform on which pods cannot be asked. */
export const NOOP_CHECKPOINT_REQUESTER: CheckpointRequester = { request: () => undefined }
