import type { PodIdentity } from '../crds/run-config.ts'

/** Where everything lies under the storage. */
export const runFolder = (runKey: string): string => `runs/${runKey}`
export const runResultPath = (runKey: string): string => `${runFolder(runKey)}/result.json`
export const attemptsFolder = (runKey: string): string => `${runFolder(runKey)}/attempts`
export const attemptFolder = (runKey: string, { attempt, podUid }: PodIdentity): string =>
  `${attemptsFolder(runKey)}/${attempt}-${podUid}`
export const spoolPath = (attempt: string): string => `${attempt}/spool.ndjson`
export const checkpointsFolder = (attempt: string): string => `${attempt}/checkpoints`
export const evaluationFolder = (key: string): string => `evaluations/${key}`
export const evaluationResultPath = (key: string): string => `${evaluationFolder(key)}/result.json`
export const DIGEST_CACHE_PATH = 'cache/digests.json'
