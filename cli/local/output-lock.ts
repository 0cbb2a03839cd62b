import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { InputError } from '../input-error.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts'

const LockHolder = z.object({
  pid: z.int(),
  started: z.string(),
  host: z.string(),
  since: z.iso.datetime(),
})
type LockHolder = z.infer<typeof LockHolder>

export interface OutputLock {
  /** Releases the folder. Never removes the lock of another process. */
  readonly release: () => Promise<void>
}

interface LockRequest {
  readonly folder: string
  readonly pid: number
  readonly nowMs: number
}

/**
 * Locks an output folder for this process. Throws InputError when another live process holds the
 * lock; a stale lock is taken over.
 */
export async function lockOutput({ folder, pid, nowMs }: LockRequest): Promise<OutputLock> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'lock.json')
  const self = (await identifyProcess(pid)) ?? { pid, started: 'unknown' }
  const ownHolder: LockHolder = { ...self, host: hostname(), since: new Date(nowMs).toISOString() }
  for (let attempt = 0; attempt < 5; attempt++) {
    if ((await tryCreateLock(path, ownHolder)) || (await tryTakeOverLock(path, ownHolder))) {
      return { release: () => removeOwnLock(path, ownHolder) }
    }
  }
  throw new InputError([`${folder}: the lock keeps changing hands; try again`])
}

const MAX_TAKEOVER_CLAIMS = 8
const serializeHolder = (holder: LockHolder): string => `${JSON.stringify(holder)}\n`

/** Creates a lock atomically: it is written aside and linked into place. */
async function tryCreateLock(path: string, holder: LockHolder): Promise<boolean> {
  const temporaryPath = `${path}.${randomUUID()}`
  await writeFile(temporaryPath, serializeHolder(holder), { flush: true })
  try {
    await link(temporaryPath, path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  } finally {
    await rm(temporaryPath, { force: true })
  }
}

const readHolder = async (
  path: string,
): Promise<{ text: string; holder: LockHolder | undefined }> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  try {
    return { text, holder: LockHolder.parse(JSON.parse(text)) }
  } catch {
    return { text, holder: undefined }
  }
}

async function isHeld(holder: LockHolder): Promise<boolean> {
  if (holder.host !== hostname()) return true
  const identity: ProcessIdentity = holder
  return isAlive(identity)
}

/** The pid of the process that holds the lock of an output folder. */
export async function readLockHolderPid(folder: string): Promise<number | undefined> {
  const { holder } = await readHolder(join(folder, 'lock.json'))
  return holder !== undefined && (await isHeld(holder)) ? holder.pid : undefined
}

const buildInUseError = (path: string, { host, pid, since }: LockHolder): InputError => {
  const where = host === hostname() ? '' : ` on ${host}`
  return new InputError([
    `${dirname(dirname(path))}: in use by process ${pid}${where} since ${since}`,
    'wait for it, end it, or give another folder with --out',
  ])
}

/** The process that first creates this file may replace the stale lock. */
const buildClaimPath = (path: string, staleText: string): string =>
  `${path}.after-${createHash('sha256').update(staleText).digest('hex').slice(0, 16)}`

const readUnheldLock = async (path: string): Promise<string> => {
  const { text, holder } = await readHolder(path)
  if (holder !== undefined && (await isHeld(holder))) throw buildInUseError(path, holder)
  return text
}

/**
 * The claims on a stale lock, ours last: a process that died during a takeover is taken over in
 * turn. Undefined where that has no end.
 */
async function claimStaleLock(
  path: string,
  staleText: string,
  ownHolder: LockHolder,
): Promise<string[] | undefined> {
  const claims: string[] = []
  for (
    let text = staleText;
    claims.length < MAX_TAKEOVER_CLAIMS;
    text = await readUnheldLock(claims.at(-1) ?? path)
  ) {
    claims.push(buildClaimPath(path, text))
    if (await tryCreateLock(claims.at(-1) ?? path, ownHolder)) return claims
  }
  return undefined
}

/**
 * Replaces a stale lock; false where another process was first. The lock exists all the while, so
 * that no process can create another.
 */
async function tryTakeOverLock(path: string, ownHolder: LockHolder): Promise<boolean> {
  const staleText = await readUnheldLock(path)
  const claims = await claimStaleLock(path, staleText, ownHolder)
  if (claims === undefined) return false
  // An earlier process may have finished by now and removed its claim.
  const isSame = (await readHolder(path)).text === staleText
  if (isSame) await replaceLock(path, ownHolder)
  for (const claim of isSame ? claims : claims.slice(-1)) await rm(claim, { force: true })
  return isSame
}

async function replaceLock(path: string, ownHolder: LockHolder): Promise<void> {
  const temporaryPath = `${path}.${randomUUID()}`
  await writeFile(temporaryPath, serializeHolder(ownHolder), { flush: true })
  await rename(temporaryPath, path)
}

async function removeOwnLock(path: string, ownHolder: LockHolder): Promise<void> {
  const { holder } = await readHolder(path)
  if (holder?.pid === ownHolder.pid && holder.started === ownHolder.started)
    await rm(path, { force: true })
}
