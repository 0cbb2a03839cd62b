import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EXIT_CODES } from '../contract/exit-codes.ts'
import { TerminationMessage } from '../contract/run-report.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { startStallWatchdog } from './stall-watchdog.ts'

describe('the stall watchdog of a trainer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function startTestWatchdog(program: 'trainer' | 'evaluator' = 'trainer') {
    let nowMs = 0
    const stalls: string[] = []
    const watchdog = startStallWatchdog({
      program,
      limits: { firstStepSeconds: 10, stallSeconds: 5 },
      monotonicMs: () => nowMs,
      terminationPath: undefined,
      onStall: ({ reason }) => stalls.push(reason),
    })
    const wait = (seconds: number): void => {
      for (let second = 0; second < seconds; second++) {
        nowMs += 1000
        vi.advanceTimersByTime(1000)
      }
    }
    const step = (number: number) =>
      watchdog.reported({ kind: 'Step', step: number, totalSteps: 9 })
    return { watchdog, stalls, wait, step }
  }

  test('is judged by its first step, and then by each next one', () => {
    const { watchdog, stalls, wait, step } = startTestWatchdog()
    wait(10)
    step(1)
    wait(5)
    expect(stalls).toEqual([])
    wait(1)
    expect(stalls).toEqual(['Stalled'])
    watchdog.end()
  })

  test('is late where no first step comes', () => {
    const { watchdog, stalls, wait } = startTestWatchdog()
    wait(11)
    expect(stalls).toEqual(['FirstStepLate'])
    watchdog.end()
  })

  test('is judged no more after the last step, and never in an evaluator', () => {
    const { stalls, wait, step } = startTestWatchdog()
    step(9)
    wait(60)
    const evaluator = startTestWatchdog('evaluator')
    evaluator.wait(60)
    expect([stalls, evaluator.stalls]).toEqual([[], []])
  })
})

describe('a pod that comes to nothing', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neco-hang-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function ended(program: string, argument: readonly string[]) {
    const terminationPath = join(folder, 'last-words.json')
    const child = spawn(process.execPath, [program, ...argument], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, NECO_TERMINATION_FILE: terminationPath },
      stdio: 'ignore',
    })
    const [exitCode, signal] = await once(child, 'close')
    const message = TerminationMessage.parse(JSON.parse(await readFile(terminationPath, 'utf8')))
    return { exitCode, signal, words: message }
  }

  test('ends itself with a code of its own, and a termination message that says why', async () => {
    const config = join(folder, 'run-config.json')
    const execution = { firstStepSeconds: 1, storage: folder }
    await writeFile(config, JSON.stringify(buildMicroRunConfig({ execution })))
    const { exitCode, words: message } = await ended('test/programs/idle-pod.ts', [
      '--config',
      config,
    ])
    expect([exitCode, message.reason]).toEqual([EXIT_CODES.FirstStepLate, 'FirstStepLate'])
    expect(message.message).toContain('no first step in 1 s')
  })

  test('is ended by a thread of its own where its main thread hangs', async () => {
    const { signal, words: message } = await ended('test/programs/hanging-pod.ts', [])
    expect([signal, message.reason]).toEqual(['SIGKILL', 'Stalled'])
    expect(message.message).toContain('no step in 1 s')
  })
})
