import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startProcess, terminateOrphanProcess } from './child-process.ts'
import { identifyProcess, isAlive } from './process-identity.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-child-'))
})
afterEach(() => rm(folder, { recursive: true }))

const startScript = (script: string) =>
  startProcess({
    command: process.execPath,
    args: ['-e', script],
    environment: { GREETING: 'hello' },
    logPath: join(folder, 'log'),
  })
const logText = () => readFile(join(folder, 'log'), 'utf8')

/** Waits until the process has printed a text. */
async function waitForOutput(text: string): Promise<void> {
  while (!(await logText()).includes(text)) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe('a process of a Job', () => {
  it('gets its environment and a stdin to watch, logs to a file and ends with its exit code', async () => {
    const script =
      'console.log(process.env.GREETING, process.env.NECO_PARENT_WATCH); process.exit(5)'
    const { ended } = await startScript(script)
    expect(await ended).toEqual({ exitCode: 5, signal: undefined })
    expect(await logText()).toBe('hello stdin\n')
  })

  it('gets SIGTERM first, and may end within the grace period', async () => {
    const script =
      'process.on("SIGTERM", () => process.exit(7)); setInterval(() => {}, 1000); console.log("ready")'
    const started = await startScript(script)
    await waitForOutput('ready')
    expect(await started.terminate(10_000)).toEqual({ exitCode: 7, signal: undefined })
  })

  it('is killed after the grace period', async () => {
    const script =
      'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("ready")'
    const started = await startScript(script)
    await waitForOutput('ready')
    expect(await started.terminate(20)).toEqual({ exitCode: undefined, signal: 'SIGKILL' })
  })

  it('fails to start with the name of the missing program', async () => {
    const start = {
      command: join(folder, 'none'),
      args: [],
      environment: {},
      logPath: join(folder, 'log'),
    }
    await expect(startProcess(start)).rejects.toThrow(`cannot start ${join(folder, 'none')}`)
  })
})

describe('a process left behind by an earlier neco', () => {
  it('is ended where it is the same process, and left alone where its pid belongs to another', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true })
    const exited = once(child, 'exit')
    const identity = await identifyProcess(child.pid ?? 0)
    if (identity === undefined) throw new Error('the process has no identity')
    await terminateOrphanProcess({ ...identity, started: 'another time' }, 1000)
    expect(await isAlive(identity)).toBe(true)
    await terminateOrphanProcess(identity, 1000)
    await exited
    expect(await isAlive(identity)).toBe(false)
  })
})
