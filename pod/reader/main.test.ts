import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../../contract/exit-codes.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { runNodeProgram } from '../../test/programs/run-node-program.ts'
import { writeSpoolMark } from '../bus/spool-mark.ts'
import { folderStorage } from '../folder-storage.ts'
import { openSpool } from '../spool.ts'
import { spoolMarkPath } from '../storage-layout.ts'
import { parseFilesFromLog } from './file-lines.ts'

const reader = (...args: string[]) => runNodeProgram('pod/reader/main.ts', args)

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-reader-'))
})
afterEach(() => rm(root, { recursive: true }))

describe('the reader', () => {
  test('prints files of the storage so that their bytes come back, and passes over missing ones', async () => {
    const bytes = Buffer.from([0, 10, 13, 255, 128])
    await writeFile(join(root, 'figure.png'), bytes)
    const { exitCode, stdout } = await reader(
      '--storage',
      root,
      '--cat',
      'none',
      '--cat',
      'figure.png',
    )
    expect(exitCode).toBe(0)
    expect([...parseFilesFromLog(stdout)]).toEqual([['figure.png', bytes]])
  })

  test.each(['../secret', '/etc/hostname', 'a/../../b'])('refuses to print %s', async (path) => {
    const { exitCode, stdout, stderr } = await reader('--storage', root, '--cat', path)
    expect([exitCode, stdout]).toEqual([EXIT_CODES.UserError, ''])
    expect(stderr).toContain('give a path under the storage')
  })

  test('says how it is asked', async () => {
    const { exitCode, stderr } = await reader()
    expect(exitCode).toBe(EXIT_CODES.UserError)
    expect(stderr).toContain('--ship --config FILE')
  })

  /**
   * A reader of run-1, beside the spool of one pod of run-1 that never shipped; nobody listens
   * there.
   */
  async function aReaderConfig(runUid: string): Promise<string> {
    const storage = folderStorage(root)
    const folder = 'runs/key/attempts/1-pod'
    const address = { namespace: 'default', runUid: 'run-1', task: TRAINING, attempt: 1 }
    const identity = { run: 'study-0-r0', attempt: 1, podUid: 'pod' }
    await writeSpoolMark(storage, spoolMarkPath(folder), { address, podUid: 'pod', acked: 0 })
    const now = () => new Date(0)
    const options = { storage, attempt: folder, identity, now, monotonicMs: () => 0 }
    const spool = await openSpool(options)
    await spool.write([{ kind: 'Ended', step: 1, totalSteps: 1, imagesSeen: 4, metrics: {} }])
    const config = join(root, 'reader.json')
    const servers = ['tls://127.0.0.1:1']
    const bus = { servers, credentialsFile: join(root, 'none'), namespace: 'default', runUid }
    await writeFile(config, JSON.stringify({ schemaVersion: 1, storage: root, runKeys: [], bus }))
    return config
  }

  test('fails as infrastructure does where reports are left and the server is away', async () => {
    const config = await aReaderConfig('run-1')
    const { exitCode, stderr } = await reader('--ship', '--config', config, '--within', '1')
    expect(exitCode).toBe(EXIT_CODES.Infrastructure)
    expect(stderr).toContain('ReportsLeft')
  })

  test('has nothing to do where no pod of its run left anything, whatever others did', async () => {
    const config = await aReaderConfig('run-2')
    const { exitCode, stderr } = await reader('--ship', '--config', config, '--within', '1')
    expect([exitCode, stderr.includes('"spools":0')]).toEqual([0, true])
  })
})
