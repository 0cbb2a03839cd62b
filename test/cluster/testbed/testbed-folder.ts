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

/** Where one run of the bed keeps all it writes, and who must be ended if this run cannot do it itself. */
export interface TestbedFolder {
  readonly path: string
  /** Notes a process that was started, so that a later run can end it if it outlives us. */
  readonly recordProcess: (process: ProcessIdentity) => Promise<void>
  readonly remove: () => Promise<void>
}

/** Makes a folder for this run, after ending what earlier runs left that could not clean up. */
export async function openTestbedFolder(root: string = tmpdir()): Promise<TestbedFolder> {
  await removeOrphanedTestbeds(root)
  const owner = await identifyProcess(process.pid)
  // A bed appears with its owner in it or not at all: a run that starts now must not take it for a leftover.
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

/** Ends the processes, and removes the folders, of runs whose own process is gone. Gives the folders removed. */
export async function removeOrphanedTestbeds(root: string): Promise<readonly string[]> {
  const names = (await readdir(root)).filter((name) => name.startsWith(PREFIX))
  const removed = await Promise.all(names.map((name) => removeIfOrphaned(join(root, name))))
  return removed.flatMap((path) => path ?? [])
}

async function removeIfOrphaned(path: string): Promise<string | undefined> {
  const owner = await readFile(join(path, OWNER), 'utf8').catch(() => undefined)
  // Another user's bed cannot be read and is not ours to end.
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
