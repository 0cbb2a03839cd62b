import { appendFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import { terminateOrphanProcess } from '../../../cli/local/child-process.ts'
import {
  identifyProcess,
  isAlive,
  type ProcessIdentity,
} from '../../../cli/local/process-identity.ts'

const Identity = z.object({ pid: z.int(), started: z.string() })

const PREFIX = 'neco-testbed-'
const OWNER = 'owner.json'
const PROCESSES = 'processes.ndjson'

/**
 * The folder of one run of the testbed, and the processes that a later run ends if this one cannot.
 */
export interface TestbedFolder {
  readonly path: string
  /** Records a started process, so that a later run can end it if it survives this one. */
  readonly recordProcess: (process: ProcessIdentity) => Promise<void>
  readonly remove: () => Promise<void>
}

/** Creates a folder for this run, after cleaning up runs that were killed. */
export async function openTestbedFolder(root: string = tmpdir()): Promise<TestbedFolder> {
  await removeOrphanedTestbeds(root)
  const owner = await identifyProcess(process.pid)
  // Created atomically with its owner, so that a run that starts now does not take it for an
  // orphan.
  const temporaryPath = await mkdtemp(join(root, '.neco-testbed-'))
  await writeFile(join(temporaryPath, OWNER), JSON.stringify(owner))
  const path = join(root, `${PREFIX}${process.pid}-${temporaryPath.slice(-6)}`)
  await rename(temporaryPath, path)
  return {
    path,
    recordProcess: (identity) => appendFile(join(path, PROCESSES), `${JSON.stringify(identity)}\n`),
    remove: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  }
}

/**
 * Ends the processes, and removes the folders, of runs whose own process is gone. Gives the folders
 * removed.
 */
export async function removeOrphanedTestbeds(root: string): Promise<readonly string[]> {
  const names = (await readdir(root)).filter((name) => name.startsWith(PREFIX))
  const removed = await Promise.all(names.map((name) => removeIfOrphaned(join(root, name))))
  return removed.flatMap((path) => path ?? [])
}

async function removeIfOrphaned(path: string): Promise<string | undefined> {
  const owner = await readFile(join(path, OWNER), 'utf8').catch(() => undefined)
  // Another user's testbed cannot be read and must be left alone.
  if (owner === undefined || (await isAlive(Identity.parse(JSON.parse(owner))))) return undefined
  for (const identity of await readProcesses(path)) await terminateOrphanProcess(identity, 0)
  await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  return path
}

async function readProcesses(path: string): Promise<readonly ProcessIdentity[]> {
  const text = await readFile(join(path, PROCESSES), 'utf8').catch(() => '')
  const lines = text.split('\n').filter((line) => line !== '')
  // The last line may be torn if the run was killed while it wrote.
  return lines.flatMap((line) => parseIdentity(line) ?? [])
}

function parseIdentity(line: string): ProcessIdentity | undefined {
  try {
    return Identity.parse(JSON.parse(line))
  } catch {
    return undefined
  }
}
