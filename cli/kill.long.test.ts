import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { replayJournal } from './local/journal.ts'
import { isAlive, type ProcessIdentity } from './local/process-identity.ts'
import { listJobRecords } from './local/process-jobs.ts'
import type { ResultsDocument } from './report/results-document.ts'

/** A micro model on a few images: a sweep of two points in seconds. */
const MANIFEST = `
apiVersion: neco.dev/v1alpha1
kind: NeCoSweep
metadata: { name: micro }
spec:
  replicates: 2
  parallelism: 2
  axes:
    - { parameter: loss.studentSteepness, values: [10, 100] }
  run:
    model: { architecture: Tiny, dim: 16, depth: 2, heads: 2, head: { layers: 1, outputDim: 8 } }
    data: { kind: Scenes, firstSeed: 1000, count: 16 }
    views: { globalSizePx: 32, localCrops: 1, localSizePx: 16, localScale: [0.1, 0.3], alignedGrid: 3 }
    references: { source: TeacherBatch, count: 9 }
    optimizer: { steps: 30, batchSize: 4 }
    checkpoint: { everySteps: 4, keep: 2 }
    evaluations:
      - name: scenes
        protocols: [InContext]
        profile: Scenes
        memory: { kind: Scenes, firstSeed: 2000, count: 6 }
        validation: { kind: Scenes, firstSeed: 3000, count: 6 }
        at: [0, 1]
`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-kill-'))
  await writeFile(join(folder, 'micro.yaml'), MANIFEST)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const main = join(import.meta.dirname, 'main.ts')

/** Starts `neco run` in a process group of its own. */
const start = (out: string): ChildProcess =>
  spawn(process.execPath, [main, 'run', 'micro.yaml', '--out', out], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })

async function finish(out: string): Promise<number | null> {
  const child = start(out)
  child.stdout?.resume()
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

/** What two runs of one manifest must share: everything but the columns that are marked. */
async function readDeterministicResults(out: string): Promise<unknown> {
  const document = JSON.parse(
    await readFile(join(folder, out, 'results.json'), 'utf8'),
  ) as ResultsDocument
  const marked = document.columns.filter((column) => !column.deterministic).map(({ key }) => key)
  expect(marked).toContain('imagesPerSecond')
  const without = (values: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(values).filter(([key]) => !marked.includes(key)))
  return {
    ...document,
    points: document.points.map((point) => ({
      ...point,
      summary: without(point.summary),
      runs: point.runs.map((run) => ({ ...run, values: without(run.values) })),
    })),
  }
}

async function readJournalRecords(out: string) {
  const text = await readFile(join(folder, out, '.neco', 'journal.ndjson'), 'utf8').catch(() => '')
  return listJobRecords(replayJournal(text, 'journal'))
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Waits until trainers have written checkpoints, and gives the live processes. */
async function liveTrainers(out: string): Promise<readonly ProcessIdentity[]> {
  for (;;) {
    const running = (await readJournalRecords(out)).filter(({ state }) => state === 'Running')
    if (running.length >= 2) return running.flatMap(({ process: identity }) => identity ?? [])
    await pause(20)
  }
}

const killAll = (child: ChildProcess, others: readonly ProcessIdentity[]): void => {
  for (const pid of [child.pid ?? 0, ...others.map((identity) => identity.pid)]) {
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

describe('a run that is killed', () => {
  it('ends with the same numbers, bit for bit, whenever all processes are killed at once', async () => {
    expect(await finish('whole')).toBe(0)
    const expected = await readDeterministicResults('whole')
    for (const delayMs of [300, 900, 1700, 2600]) {
      const child = start('killed')
      child.stdout?.resume()
      const trainers = await liveTrainers('killed')
      await pause(delayMs)
      killAll(child, trainers)
      await once(child, 'exit')
    }
    expect(await finish('killed')).toBe(0)
    expect(await readDeterministicResults('killed')).toEqual(expected)
  })

  it('recovers by itself with the same numbers when only a trainer is killed', async () => {
    expect(await finish('undisturbed')).toBe(0)
    const child = start('disturbed')
    child.stdout?.resume()
    const exited = once(child, 'exit')
    const [first] = await liveTrainers('disturbed')
    await pause(900)
    process.kill(first?.pid ?? 0, 'SIGKILL')
    expect((await exited)[0]).toBe(0)
    expect(await readDeterministicResults('disturbed')).toEqual(
      await readDeterministicResults('undisturbed'),
    )
    const attempts = (await readJournalRecords('disturbed')).map(({ request }) => request.attempt)
    expect(Math.max(...attempts)).toBe(2)
  })

  it('leaves no trainer behind when only neco itself is killed', async () => {
    const child = start('orphans')
    child.stdout?.resume()
    const trainers = await liveTrainers('orphans')
    killAll(child, [])
    await once(child, 'exit')
    const alive = async () => (await Promise.all(trainers.map(isAlive))).some(Boolean)
    while (await alive()) await pause(50)
    expect(await finish('orphans')).toBe(0)
  })

  it('writes checkpoints at Ctrl-C, exits with 130, prints how to resume, and resumes', async () => {
    const child = start('stopped')
    let text = ''
    child.stdout?.on('data', (bytes: Buffer) => {
      text += bytes.toString('utf8')
    })
    await liveTrainers('stopped')
    await pause(700)
    child.kill('SIGINT')
    const [code] = (await once(child, 'exit')) as [number | null]
    expect(code).toBe(130)
    expect(text).toContain('interrupted; resume with: neco run micro.yaml --out stopped\n')
    const ended = await readJournalRecords('stopped')
    expect(ended.every(({ state }) => state === 'Failed' || state === 'Succeeded')).toBe(true)
    expect(await finish('stopped')).toBe(0)
  })

  it('rejects a second neco on the same folder', async () => {
    const child = start('shared')
    child.stdout?.resume()
    await liveTrainers('shared')
    expect(await finish('shared')).toBe(2)
    const exited = once(child, 'exit')
    child.kill('SIGINT')
    await exited
  })
})
