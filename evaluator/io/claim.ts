import type { PodIdentity } from '../../contract/run-config.ts'
import { type Storage, StorageError } from '../../pod/storage.ts'
import { evaluationFolder, evaluationResultPath } from '../../pod/storage-layout.ts'

/** A claim that was not renewed for so long belongs to a process that is gone. */
const STALE_AFTER_MS = 20_000
const RENEW_EVERY_MS = 2_000
const POLL_MS = 500

export interface ClaimOptions {
  readonly storage: Storage
  readonly key: string
  readonly identity: PodIdentity
  readonly monotonicMs: () => number
}

/** The right to compute an evaluation, so that two processes do not both do it. */
export interface Claim {
  /** Says that the work goes on; cheap enough to call after every picture. */
  renew(): Promise<void>
  release(): Promise<void>
}

const claimPath = (key: string): string => `${evaluationFolder(key)}/claim.json`

/** What became of an evaluation that somebody wants: it is there, it is ours to do, or another process is at it. */
export type ClaimOutcome =
  | { readonly kind: 'Done' }
  | { readonly kind: 'Held' }
  | { readonly kind: 'Ours'; readonly claim: Claim }

/**
 * Claims an evaluation, or says that it is done, or that another process has it. The claim of a
 * process that is gone, or of an earlier attempt of the same run, is taken over. Two processes that
 * take over at the same moment would both compute, and write the same bytes.
 */
export async function claimEvaluation(options: ClaimOptions): Promise<ClaimOutcome> {
  const { storage, key, identity } = options
  for (;;) {
    if ((await storage.ageMs(evaluationResultPath(key))) !== undefined) return { kind: 'Done' }
    if (await storage.createExclusive(claimPath(key), serializeClaimHolder(identity))) {
      return { kind: 'Ours', claim: createClaim(options) }
    }
    if (!(await isAbandoned(options))) return { kind: 'Held' }
    await storage.remove(claimPath(key))
  }
}

/** Claims as claimEvaluation does, but waits for as long as another process has it. */
export async function waitForClaim(
  options: ClaimOptions & { readonly sleep: (ms: number) => Promise<void> },
): Promise<Exclude<ClaimOutcome, { kind: 'Held' }>> {
  for (;;) {
    const claimed = await claimEvaluation(options)
    if (claimed.kind !== 'Held') return claimed
    await options.sleep(POLL_MS)
  }
}

const serializeClaimHolder = ({ run, attempt, podUid }: PodIdentity): string =>
  JSON.stringify({ run, attempt, podUid })

async function isAbandoned({ storage, key, identity }: ClaimOptions): Promise<boolean> {
  const ageMs = await storage.ageMs(claimPath(key))
  if (ageMs === undefined) return false
  if (ageMs > STALE_AFTER_MS) return true
  const { run, attempt = identity.attempt } = await readClaimHolder(storage, key)
  return run === identity.run && attempt < identity.attempt
}

interface ClaimHolder {
  readonly run?: string
  readonly attempt?: number
}

/** Who holds the claim; nobody known while it is being written or has just been released. */
async function readClaimHolder(storage: Storage, key: string): Promise<ClaimHolder> {
  try {
    return JSON.parse(
      Buffer.from(await storage.read(claimPath(key))).toString('utf8'),
    ) as ClaimHolder
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    if (error instanceof StorageError && error.code === 'NotFound') return {}
    throw error
  }
}

function createClaim({ storage, key, identity, monotonicMs }: ClaimOptions): Claim {
  let renewedAtMs = monotonicMs()
  return {
    async renew() {
      if (monotonicMs() - renewedAtMs < RENEW_EVERY_MS) return
      renewedAtMs = monotonicMs()
      await storage.writeAtomic(claimPath(key), serializeClaimHolder(identity))
    },
    release: () => storage.remove(claimPath(key)),
  }
}
