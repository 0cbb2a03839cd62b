import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { folderStorage } from '../../pod/folder-storage.ts'
import { runNecoInProcess } from '../../test/programs/run-neco-in-process.ts'
import { buildOutputPaths, JOURNAL } from '../local/output-folder.ts'
import { lockOutput } from '../local/output-lock.ts'
import { readStudy } from '../local/read-study.ts'
import { studyObject } from '../report/study-title.ts'
import { COMMANDS } from './all-commands.ts'

let folder = ''
let root = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-suspend-'))
  root = join(folder, 'out', 'study')
  const metadata = { name: 'study', namespace: 'default', uid: 'u', resourceVersion: '1' }
  const spec = { run: { data: { kind: 'Scenes', count: 8 } } }
  const value = { apiVersion: 'neco.dev/v1alpha1', kind: 'NeCoSweep', metadata, spec }
  const line = `${JSON.stringify({ key: 'object/NeCoSweep/default/study', value })}\n`
  await folderStorage(buildOutputPaths(root).state).put(JOURNAL, line)
})
afterEach(() => rm(folder, { recursive: true }))

const type = (...argv: string[]) => runNecoInProcess(argv, COMMANDS, { cwd: folder })

const suspended = async () => studyObject((await readStudy(root)).study).spec.suspend

describe('a study on this machine', () => {
  it('is suspended and resumed in its journal, while nobody works on it', async () => {
    const goesOn = 'neco run FILE --out out/study goes on with it\n'
    expect(await type('suspend', 'study')).toEqual({
      code: 0,
      out: `NeCoSweep study: suspended; ${goesOn}`,
      err: '',
    })
    expect(await suspended()).toBe(true)
    const again = await type('stop', '--out', 'out/study')
    expect(again.out).toBe(`NeCoSweep study: was suspended already; ${goesOn}`)
    expect((await type('watch')).out).toContain('NeCoSweep study is suspended\n')
    expect((await type('resume')).out).toBe(`NeCoSweep study: resumed; ${goesOn}`)
    expect(await suspended()).toBeUndefined()
  })

  it('is left alone while a process works on it, with a line how to end that', async () => {
    const lock = await lockOutput({
      folder: buildOutputPaths(root).state,
      pid: process.pid,
      nowMs: Date.now(),
    })
    const { code, out, err } = await type('suspend', 'study')
    await lock.release()
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain(`${root}: process ${process.pid} works on it; Ctrl-C there, or kill -INT`)
    expect(await suspended()).toBeUndefined()
  })

  it('is not asked for by flags of both homes, or by two names', async () => {
    expect((await type('results', '--out', 'x', '--context', 'y')).err).toBe(
      '--out is for studies on this machine, --context for those in a cluster: leave one of them out\n',
    )
    expect((await type('results', 'study', '--out', 'x')).err).toBe(
      'study and --out x both name the study: leave one of them out\n',
    )
    expect((await type('results', 'study', '--cluster')).err).toMatch(/^no kubeconfig: .*\n$/)
  })
})
