import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { EXIT_CODES } from '../crds/exit-codes.ts'
import { TerminationMessage } from '../crds/run-report.ts'
import { aMicroRunConfig } from '../test/micro-run-config.ts'
import { judgePace } from './pace.ts'

describe('the pace of a trainer', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function judged(program: 'trainer' | 'evaluator' = 'trainer') {
    let nowMs = 0
    const late: string[] = []
    const pace = judgePace({
      program,
      limits: { firstStepSeconds: 10, stallSeconds: 5 },
      monotonicMs: () => nowMs,
      terminationPath: undefined,
      late: ({ reason }) => late.push(reason),
    })
    const wait = (seconds: number): void => {
      for (let second = 0; second < seconds; second++) {
        nowMs += 1000
        vi.advanceTimersByTime(1000)
      }
    }
    const step = (number: number) => pace.said({ kind: 'Step', step: number, totalSteps: 9 })
    return { pace, late, wait, step }
  }

  test('is judged by its first step, and then by each next one', () => {
    const { pace, late, wait, step } = judged()
    wait(10)
    step(1)
    wait(5)
    expect(late).toEqual([])
    wait(1)
    expect(late).toEqual(['Stalled'])
    pace.end()
  })

  test('is late where no first step comes', () => {
    const { pace, late, wait } = judged()
    wait(11)
    expect(late).toEqual(['FirstStepLate'])
    pace.end()
  })

  test('is judged no more after the last step, and never in an evaluator', () => {
    const { late, wait, step } = judged()
    step(9)
    wait(60)
    const evaluator = judged('evaluator')
    evaluator.wait(60)
    expect([late, evaluator.late]).toEqual([[], []])
  })
})

describe('a pod that comes to nothing', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'neco-hang-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  async function ended(program: string, argument: readonly string[]) {
    const wordsPath = join(folder, 'last-words.json')
    const child = spawn(process.execPath, [program, ...argument], {
      cwd: join(import.meta.dirname, '..'),
      env: { ...process.env, NECO_TERMINATION_FILE: wordsPath },
      stdio: 'ignore',
    })
    const [exitCode, signal] = await once(child, 'close')
    const words = TerminationMessage.parse(JSON.parse(await readFile(wordsPath, 'utf8')))
    return { exitCode, signal, words }
  }

  test('ends itself with a code of its own, and last words that say why', async () => {
    const config = join(folder, 'run-config.json')
    const execution = { firstStepSeconds: 1, storage: folder }
    await writeFile(config, JSON.stringify(aMicroRunConfig({ execution })))
    const { exitCode, words } = await ended('test/idle-pod.ts', ['--config', config])
    expect([exitCode, words.reason]).toEqual([EXIT_CODES.FirstStepLate, 'FirstStepLate'])
    expect(words.message).toContain('no first step in 1 s')
  })

  test('is ended by a thread of its own where its main thread hangs', async () => {
    const { signal, words } = await ended('test/hanging-pod.ts', [])
    expect([signal, words.reason]).toEqual(['SIGKILL', 'Stalled'])
    expect(words.message).toContain('no step in 1 s')
  })
})
