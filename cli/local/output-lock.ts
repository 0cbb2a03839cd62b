import { createHash, randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import { InputError } from '../input-error.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from './process-identity.ts'

const Holder = z.object({
  pid: z.int(),
  started: z.string(),
  host: z.string(),
  since: z.iso.datetime(),
})
type Holder = z.infer<typeof Holder>

export interface OutputLock {
  /** Gives the folder back. Never removes the lock of another process. */
  readonly release: () => Promise<void>
}

interface Claim {
  readonly folder: string
  readonly pid: number
  readonly nowMs: number
}

/** Takes an output folder for this process. Throws InputError when another live process has it; a lock whose process is gone is taken over. */
export async function lockOutput({ folder, pid, nowMs }: Claim): Promise<OutputLock> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'lock.json')
  const self = (await identifyProcess(pid)) ?? { pid, started: 'unknown' }
  const mine: Holder = { ...self, host: hostname(), since: new Date(nowMs).toISOString() }
  for (let attempt = 0; attempt < 5; attempt++) {
    if ((await placeLock(path, mine)) || (await takeOver(path, mine))) {
      return { release: () => removeOwn(path, mine) }
    }
  }
  throw new InputError([`${folder}: the lock keeps changing hands; try again`])
}

const MOST_CLAIMS = 8
const textOf = (holder: Holder): string => `${JSON.stringify(holder)}\n`

/** A lock appears whole or not at all: it is written aside and linked into place. */
async function placeLock(path: string, holder: Holder): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`
  await writeFile(aside, textOf(holder), { flush: true })
  try {
    await link(aside, path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  } finally {
    await rm(aside, { force: true })
  }
}

const readHolder = async (path: string): Promise<{ text: string; holder: Holder | undefined }> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  try {
    return { text, holder: Holder.parse(JSON.parse(text)) }
  } catch {
    return { text, holder: undefined }
  }
}

async function isHeld(holder: Holder): Promise<boolean> {
  if (holder.host !== hostname()) return true
  const identity: ProcessIdentity = holder
  return isAlive(identity)
}

/** The process that works on an output folder now, or nothing. */
export async function lockHolder(folder: string): Promise<number | undefined> {
  const { holder } = await readHolder(join(folder, 'lock.json'))
  return holder !== undefined && (await isHeld(holder)) ? holder.pid : undefined
}

const inUse = (path: string, { host, pid, since }: Holder): InputError => {
  const where = host === hostname() ? '' : ` on ${host}`
  return new InputError([
    `${dirname(dirname(path))}: in use by process ${pid}${where} since ${since}`,
    'wait for it, end it, or give another folder with --out',
  ])
}

/** Who may replace the lock that a process left is who first writes this file. */
const claimPath = (path: string, left: string): string =>
  `${path}.after-${createHash('sha256').update(left).digest('hex').slice(0, 16)}`

const readFree = async (path: string): Promise<string> => {
  const { text, holder } = await readHolder(path)
  if (holder !== undefined && (await isHeld(holder))) throw inUse(path, holder)
  return text
}

/** The claims on a lock that was left, the last of them ours; one who died while taking over is taken over in turn. Undefined where that has no end. */
async function claimLeft(path: string, left: string, mine: Holder): Promise<string[] | undefined> {
  const claims: string[] = []
  for (let text = left; claims.length < MOST_CLAIMS; text = await readFree(claims.at(-1) ?? path)) {
    claims.push(claimPath(path, text))
    if (await placeLock(claims.at(-1) ?? path, mine)) return claims
  }
  return undefined
}

/**
 * Replaces a lock whose process is gone; false where somebody else was quicker. The lock itself is there all the
 * while, so that nobody can place another.
 */
async function takeOver(path: string, mine: Holder): Promise<boolean> {
  const left = await readFree(path)
  const claims = await claimLeft(path, left, mine)
  if (claims === undefined) return false
  // Who came before may be done by now, and its claim removed.
  const isSame = (await readHolder(path)).text === left
  if (isSame) await replaceLock(path, mine)
  for (const claim of isSame ? claims : claims.slice(-1)) await rm(claim, { force: true })
  return isSame
}

async function replaceLock(path: string, mine: Holder): Promise<void> {
  const aside = `${path}.${randomUUID()}`
  await writeFile(aside, textOf(mine), { flush: true })
  await rename(aside, path)
}

async function removeOwn(path: string, mine: Holder): Promise<void> {
  const { holder } = await readHolder(path)
  if (holder?.pid === mine.pid && holder.started === mine.started) await rm(path, { force: true })
}
