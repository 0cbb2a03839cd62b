import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
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
    if (await placeLock(path, mine)) return { release: () => removeOwn(path, mine) }
    await clearStale(path)
  }
  throw new InputError([`${folder}: the lock keeps changing hands; try again`])
}

/** A lock appears whole or not at all: it is written aside and linked into place. */
async function placeLock(path: string, holder: Holder): Promise<boolean> {
  const aside = `${path}.${randomUUID()}`
  await writeFile(aside, `${JSON.stringify(holder)}\n`, { flush: true })
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

async function clearStale(path: string): Promise<void> {
  const { text, holder } = await readHolder(path)
  if (holder !== undefined && (await isHeld(holder))) {
    const where = holder.host === hostname() ? '' : ` on ${holder.host}`
    throw new InputError([
      `${path.replace(/\/[^/]*\/lock\.json$/, '')}: in use by process ${holder.pid}${where} since ${holder.since}`,
      'wait for it, end it, or give another folder with --out',
    ])
  }
  const aside = `${path}.${randomUUID()}`
  try {
    await rename(path, aside)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return
    throw cause
  }
  const taken = await readFile(aside, 'utf8')
  if (taken !== text) await link(aside, path).catch(() => undefined)
  await rm(aside, { force: true })
}

async function removeOwn(path: string, mine: Holder): Promise<void> {
  const { holder } = await readHolder(path)
  if (holder?.pid === mine.pid && holder.started === mine.started) await rm(path, { force: true })
}
