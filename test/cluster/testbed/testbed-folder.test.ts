import { fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  identifyProcess,
  isAlive,
  type ProcessIdentity,
} from '../../../cli/local/process-identity.ts'
import { openTestbedFolder, removeOrphanedTestbeds } from './testbed-folder.ts'
import { waitUntil } from './wait-until.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-orphan-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

/**
 * A run of the testbed in a process of its own, with a child that dies with it and one that
 * survives it.
 */
interface OtherRun {
  readonly folder: string
  readonly dying: ProcessIdentity
  readonly outliving: ProcessIdentity
  readonly kill: () => Promise<void>
}

async function startOtherRun(): Promise<OtherRun> {
  const child = fork(join(import.meta.dirname, 'orphaned-run.ts'), [root])
  const [runInfo] = (await once(child, 'message')) as [Omit<OtherRun, 'kill'>]
  return {
    ...runInfo,
    kill: async () => {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

const waitUntilGone = (identity: ProcessIdentity): Promise<true> =>
  waitUntil({
    what: `the end of process ${identity.pid}`,
    withinMs: 20_000,
    look: async () => !(await isAlive(identity)) || undefined,
  })

test('a program of the testbed dies with a killed run; the next run ends survivors and removes the folder', async () => {
  const run = await startOtherRun()
  expect(await isAlive(run.dying)).toBe(true)
  expect(await removeOrphanedTestbeds(root)).toEqual([])
  await run.kill()
  await waitUntilGone(run.dying)
  expect(await isAlive(run.outliving)).toBe(true)
  expect(await removeOrphanedTestbeds(root)).toEqual([run.folder])
  await waitUntilGone(run.outliving)
  expect(await readdir(root)).toEqual([])
})

test('a later process with a reused pid is left alone', async () => {
  const run = await startOtherRun()
  await run.kill()
  const self = await identifyProcess(process.pid)
  await appendFile(
    join(run.folder, 'processes.ndjson'),
    `${JSON.stringify({ pid: process.pid, started: 'in another life' })}\n{"pid": 1`,
  )
  expect(await removeOrphanedTestbeds(root)).toEqual([run.folder])
  expect(self).toEqual(await identifyProcess(process.pid))
  await waitUntilGone(run.outliving)
})

test('the folder of a live run names its owner and is removed by it', async () => {
  const folder = await openTestbedFolder(root)
  const owner = JSON.parse(
    await readFile(join(folder.path, 'owner.json'), 'utf8'),
  ) as ProcessIdentity
  expect(owner).toEqual(await identifyProcess(process.pid))
  await folder.remove()
  expect(await readdir(root)).toEqual([])
})
