import type { PodIdentity } from '../../contract/run-config.ts'
import { readTextIfExists } from '../../pod/read-stored.ts'
import type { Storage } from '../../pod/storage.ts'
import { evaluationClaimPath, evaluationResultPath } from '../../pod/storage-layout.ts'

/** A claim whose text stayed the same for so long belongs to a process that is gone. */
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
  /** Shows that the work goes on; cheap enough to call after every image. */
  renew(): Promise<void>
  /** Gives it up, unless another process has taken it over. */
  release(): Promise<void>
}

/**
 * What became of an evaluation that is needed: it exists, it is ours to do, or another process does
 * it.
 */
export type ClaimOutcome =
  | { readonly kind: 'Done' }
  | { readonly kind: 'Held' }
  | { readonly kind: 'Ours'; readonly claim: Claim }

/**
 * Claims an evaluation, or says that it is done, or that another process has it. The claim of an
 * earlier attempt of the same run is taken over at once; that of any other process never, since
 * whether it is still renewed only shows to who waits.
 */
export const claimEvaluation = (options: ClaimOptions): Promise<ClaimOutcome> =>
  tryToClaim(options, () => false)

/**
 * Claims as claimEvaluation does, but waits for as long as another process has it, and takes over a
 * claim that was not renewed for 20 s by the clock of who waits: no clock of the storage or of
 * another machine plays a part. Two processes that take over at the same moment may both compute;
 * they write the same bytes.
 */
export async function waitForClaim(
  options: ClaimOptions & { readonly sleep: (ms: number) => Promise<void> },
): Promise<Exclude<ClaimOutcome, { kind: 'Held' }>> {
  const isStale = createStalenessCheck(options.monotonicMs)
  for (;;) {
    const claimed = await tryToClaim(options, isStale)
    if (claimed.kind !== 'Held') return claimed
    await options.sleep(POLL_MS)
  }
}

async function tryToClaim(
  options: ClaimOptions,
  isStale: (claim: string) => boolean,
): Promise<ClaimOutcome> {
  const { storage, key, identity } = options
  const path = evaluationClaimPath(key)
  for (;;) {
    if ((await storage.stat(evaluationResultPath(key))) !== undefined) return { kind: 'Done' }
    if (await storage.putIfAbsent(path, serializeClaim(identity, 0))) {
      return { kind: 'Ours', claim: createClaim(options) }
    }
    const found = await readTextIfExists(storage, path)
    // Released since: it is claimed in the next turn.
    if (found === undefined) continue
    if (!isStale(found) && !isEarlierAttempt(parseHolder(found), identity)) return { kind: 'Held' }
    await storage.delete(path)
  }
}

/** Whether one text has been seen, and no other, for longer than a claim may go without renewal. */
function createStalenessCheck(monotonicMs: () => number): (claim: string) => boolean {
  let seen: string | undefined
  let seenSinceMs = 0
  return (claim) => {
    if (claim !== seen) [seen, seenSinceMs] = [claim, monotonicMs()]
    return monotonicMs() - seenSinceMs > STALE_AFTER_MS
  }
}

/** A renewal differs from the one before by its number alone. */
const serializeClaim = ({ run, attempt, podUid }: PodIdentity, renewals: number): string =>
  JSON.stringify({ run, attempt, podUid, renewals })

type Holder = Partial<Pick<PodIdentity, 'run' | 'attempt' | 'podUid'>>

/** Who has a claim; nobody known where the text is no claim. */
function parseHolder(claim: string): Holder {
  try {
    return JSON.parse(claim) as Holder
  } catch {
    return {}
  }
}

const isEarlierAttempt = (holder: Holder, { run, attempt }: PodIdentity): boolean =>
  holder.run === run && holder.attempt !== undefined && holder.attempt < attempt

function createClaim({ storage, key, identity, monotonicMs }: ClaimOptions): Claim {
  const path = evaluationClaimPath(key)
  let renewedAtMs = monotonicMs()
  let renewals = 0
  return {
    async renew() {
      if (monotonicMs() - renewedAtMs < RENEW_EVERY_MS) return
      renewedAtMs = monotonicMs()
      renewals += 1
      await storage.put(path, serializeClaim(identity, renewals))
    },
    async release() {
      const holder = parseHolder((await readTextIfExists(storage, path)) ?? '')
      if (holder.podUid === identity.podUid) await storage.delete(path)
    },
  }
}
