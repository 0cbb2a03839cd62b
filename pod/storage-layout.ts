import type { PodIdentity } from '../contract/run-config.ts'

/** Where everything lies under the storage. */
export const RUNS_FOLDER = 'runs'
export const runFolder = (runKey: string): string => `${RUNS_FOLDER}/${runKey}`
export const curvePath = (runKey: string): string => `${runFolder(runKey)}/curve.ndjson`
export const runResultPath = (runKey: string): string => `${runFolder(runKey)}/result.json`
export const attemptsFolder = (runKey: string): string => `${runFolder(runKey)}/attempts`
export const attemptFolder = (
  runKey: string,
  { attempt, podUid }: Pick<PodIdentity, 'attempt' | 'podUid'>,
): string => `${attemptsFolder(runKey)}/${attempt}-${podUid}`
/** The segments of the report lines of an attempt, numbered from 1. */
export const spoolFolder = (attempt: string): string => `${attempt}/spool`
export const spoolSegmentPath = (attempt: string, number: number): string =>
  `${spoolFolder(attempt)}/${String(number).padStart(8, '0')}.ndjson`
/** How far the reports of a spool have been shipped. */
export const spoolMarkPath = (attempt: string): string => `${attempt}/spool.acked`
export const checkpointsFolder = (attempt: string): string => `${attempt}/checkpoints`
export const checkpointFolder = (attempt: string, step: number): string =>
  `${checkpointsFolder(attempt)}/step-${String(step).padStart(8, '0')}`
/** The step in the name of a checkpoint folder; undefined for any other name. */
export function parseCheckpointStep(name: string): number | undefined {
  const found = /^step-(\d{8,})$/.exec(name)
  return found === null ? undefined : Number(found[1])
}
/** Written last: a checkpoint that has it is complete. */
export const manifestPath = (checkpoint: string): string => `${checkpoint}/manifest.json`
/** The run key in the path of an attempt; undefined for any other path. */
export const parseRunKey = (attempt: string): string | undefined =>
  /^runs\/([^/]+)\//.exec(attempt)?.[1]
/** Receipts of the evaluations of a finished training. */
export const evaluationReceiptsFolder = (runKey: string): string =>
  `${runFolder(runKey)}/evaluations`
export const evaluationReceiptPath = (runKey: string, key: string): string =>
  `${evaluationReceiptsFolder(runKey)}/${key}.json`
export const evaluationFolder = (key: string): string => `evaluations/${key}`
export const evaluationResultPath = (key: string): string => `${evaluationFolder(key)}/result.json`
export const predictionsPath = (key: string): string => `${evaluationFolder(key)}/predictions.png`
export const figuresFolder = (key: string): string => `${evaluationFolder(key)}/figures`
/** Who computes an evaluation. */
export const evaluationClaimPath = (key: string): string => `${evaluationFolder(key)}/claim.json`
export const DIGEST_CACHE_PATH = 'cache/digests.json'
