import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EXIT_CODES } from '../contract/exit-codes.ts'
import type { RunConfig } from '../contract/run-config.ts'
import { RunResult } from '../contract/run-result.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { type LogLine, runTrainerProcess } from '../test/programs/run-trainer-process.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-trainer-'))
})
afterAll(() => rm(root, { recursive: true }))

const steps = 8
const configAt = (name: string, attempt: number, over = {}): RunConfig =>
  buildMicroRunConfig({
    identity: { run: 'micro', attempt, podUid: `${name}-${attempt}` },
    result: {
      optimizer: { steps },
      references: { source: 'TeacherQueue', queueLength: 200 },
      model: { dropPathRate: 0.2 },
    },
    execution: { storage: join(root, name), checkpoint: { everySteps: 2, keep: 2 } },
    ...over,
  })

/** The digests of everything that the last checkpoint holds. */
async function finalDigests(name: string, runKey: string): Promise<unknown> {
  const text = await readFile(join(root, name, 'runs', runKey, 'result.json'), 'utf8')
  return RunResult.parse(JSON.parse(text)).final.shards
}

async function curveSteps(name: string, runKey: string): Promise<number[]> {
  const text = await readFile(join(root, name, 'runs', runKey, 'curve.ndjson'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: number }).step)
}

const endAt =
  (msg: string, step: number, signal: NodeJS.Signals) => (line: LogLine, child: ChildProcess) => {
    if (line.msg === msg && line.step === step) child.kill(signal)
  }

describe('a trainer', () => {
  let whole: { runKey: string; digests: unknown }
  beforeAll(async () => {
    const ended = await runTrainerProcess({ config: configAt('whole', 1), folder: root })
    const runKey = ended.terminationMessage?.runKey ?? ''
    expect([ended.exitCode, ended.terminationMessage?.reason]).toEqual([
      EXIT_CODES.Succeeded,
      'Succeeded',
    ])
    whole = { runKey, digests: await finalDigests('whole', runKey) }
  })

  test('that is killed at any moment resumes to the same bits', async () => {
    const moments = [
      ['Step', 2],
      ['Checkpoint', 4],
      ['Step', 8],
    ] as const
    for (const [index, [msg, step]] of moments.entries()) {
      const config = configAt('killed', index + 1)
      const onLine = endAt(msg, step, 'SIGKILL')
      const { exitCode, terminationMessage } = await runTrainerProcess({
        config,
        folder: root,
        onLine,
      })
      expect([exitCode, terminationMessage]).toEqual([undefined, undefined])
    }
    const last = await runTrainerProcess({ config: configAt('killed', 9), folder: root })
    expect(last.terminationMessage?.reason).toBe('Succeeded')
    expect(await finalDigests('killed', whole.runKey)).toEqual(whole.digests)
    expect(await curveSteps('killed', whole.runKey)).toEqual(
      Array.from({ length: steps }, (_, i) => i + 1),
    )
  })

  test('that is asked to stop writes a checkpoint, reports it, and can be resumed', async () => {
    const onLine = endAt('Step', 3, 'SIGTERM')
    const stopped = await runTrainerProcess({
      config: configAt('stopped', 1),
      folder: root,
      onLine,
    })
    const stop = stopped.terminationMessage?.step ?? 0
    expect([stopped.exitCode, stopped.terminationMessage?.reason]).toEqual([
      EXIT_CODES.Interrupted,
      'Interrupted',
    ])
    expect(stopped.lines).toContainEqual(expect.objectContaining({ msg: 'Checkpoint', step: stop }))
    const resumed = await runTrainerProcess({ config: configAt('stopped', 2), folder: root })
    expect(resumed.lines.find(({ msg }) => msg === 'Step')?.step).toBe(stop + 1)
    expect(await finalDigests('stopped', whole.runKey)).toEqual(whole.digests)
  })

  test('with two threads computes the same bits', async () => {
    const { execution, ...rest } = configAt('threads', 1)
    const config = { ...rest, execution: { ...execution, threads: 2 } }
    const { terminationMessage } = await runTrainerProcess({ config, folder: root })
    expect(terminationMessage?.runKey).toBe(whole.runKey)
    expect(await finalDigests('threads', whole.runKey)).toEqual(whole.digests)
  })

  test('whose parent process has exited stops as if it were asked to', async () => {
    const ended = await runTrainerProcess({
      config: configAt('orphan', 1),
      folder: root,
      environment: { NECO_PARENT_WATCH: 'stdin' },
      onLine: ({ msg, step }, child) => {
        if (msg === 'Step' && step === 2) child.stdin?.end()
      },
    })
    expect([ended.exitCode, ended.terminationMessage?.reason]).toEqual([5, 'Interrupted'])
  })

  test('reports a result that is there and computes nothing', async () => {
    const { exitCode, terminationMessage, lines } = await runTrainerProcess({
      config: configAt('whole', 2),
      folder: root,
    })
    expect([exitCode, terminationMessage?.reused, terminationMessage?.step]).toEqual([
      0,
      true,
      steps,
    ])
    expect(lines.some(({ msg }) => msg === 'Step')).toBe(false)
  })

  test('ends with a code for wrong settings, naming them', async () => {
    const config = configAt('wrong', 1, { result: { data: { count: 3 } } })
    const { exitCode, terminationMessage } = await runTrainerProcess({ config, folder: root })
    expect([exitCode, terminationMessage?.reason]).toEqual([
      EXIT_CODES.UserError,
      'SettingsImpossible',
    ])
    expect(terminationMessage?.message).toBe(
      'optimizer.batchSize: is 4, but data holds 3 images: lower it or give more data',
    )
  })

  test('warns of files that are no images, by count and name, and trains on the others', async () => {
    const photos = join(root, 'photos')
    await mkdir(photos)
    await writeFile(join(photos, 'notes.txt'), 'no image')
    for (const name of ['a', 'b', 'c', 'd']) {
      await sharp({ create: { width: 40, height: 40, channels: 3, background: '#48c' } })
        .jpeg()
        .toFile(join(photos, `${name}.jpg`))
    }
    const config = configAt('photos', 1, {
      result: { data: { kind: 'ImageFolder', path: 'photos' } },
      execution: { storage: join(root, 'photographed'), volumes: { '': root } },
    })
    const { exitCode, lines } = await runTrainerProcess({ config, folder: root })
    expect(exitCode).toBe(0)
    const warned = lines.filter(({ level }) => level === 40)
    expect(warned).toMatchObject([
      { msg: 'data: left out 1 file that is no image; 4 images are used' },
      { msg: 'left out', file: join(photos, 'notes.txt') },
    ])
  })

  test('ends with a code for a loss that is not finite, and says what to try', async () => {
    const loss = { relaxation: 'Logistic', studentSteepness: 10_000 } as const
    const config = configAt('infinite', 1, { result: { loss } })
    const { exitCode, terminationMessage } = await runTrainerProcess({ config, folder: root })
    expect([exitCode, terminationMessage?.reason]).toEqual([EXIT_CODES.NotFinite, 'LossNotFinite'])
    expect(terminationMessage?.message).toMatch(/at step 1 of .* set loss\.epsilon/)
  })
})
