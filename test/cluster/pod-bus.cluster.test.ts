import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isAllShipped } from '../../contract/bus-messages.ts'
import type { AttemptAddress } from '../../contract/bus-names.ts'
import { EXIT_CODES } from '../../contract/exit-codes.ts'
import type { RunConfig } from '../../contract/run-config.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { folderStorage } from '../../pod/folder-storage.ts'
import { readSpool } from '../../pod/spool.ts'
import { attemptsFolder, spoolPath } from '../../pod/storage-layout.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { anEvaluationConfig } from '../evaluator-fixture.ts'
import { aMicroRunConfig } from '../micro-run-config.ts'
import { runProgram } from '../pod-process.ts'
import { runTrainer } from '../trainer-process.ts'
import { freePort } from './bed/free-port.ts'
import { waitUntil } from './bed/wait-until.ts'
import { type BusBed, openBusBed } from './bus-bed.ts'

const run = { namespace: 'default', runUid: 'run-1' }
const attempt = (number: number): AttemptAddress => ({ ...run, task: TRAINING, attempt: number })

let folder = ''
let bed: BusBed
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-pod-bus-'))
  bed = await openBusBed()
})
afterEach(async () => {
  await bed.close()
  await rm(folder, { recursive: true })
})

/** A training of these steps whose pod reports on the bus of the bed. */
async function aTraining(
  number: number,
  { steps, metricsPort }: { readonly steps: number; readonly metricsPort?: number },
): Promise<RunConfig> {
  const credentialsFile = await bed.credentialsFile({ kind: 'Pod', ...attempt(number) })
  const { url, caFile } = bed.nats
  return aMicroRunConfig({
    identity: { run: 'study-0-r0', attempt: number, podUid: `pod-${number}` },
    result: { optimizer: { steps } },
    execution: {
      storage: join(folder, 'storage'),
      checkpoint: { everySteps: 1_000_000, keep: 2 },
      bus: { servers: [url], caFile, credentialsFile, ...run, task: TRAINING },
      ...omitUndefined({ metricsPort }),
    },
  })
}

const told = (reports: readonly RunReport[]) =>
  reports.map(({ podUid, sequence, kind, step }) => ({ podUid, sequence, kind, step }))

/** What lies in the spools of all attempts, in the order of attempts. */
async function spooled(): Promise<readonly RunReport[]> {
  const storage = folderStorage(join(folder, 'storage'), Date.now)
  const [runKey = ''] = await storage.list('runs')
  const attempts = await storage.list(attemptsFolder(runKey))
  const spools = attempts.map((name) =>
    readSpool(storage, spoolPath(`${attemptsFolder(runKey)}/${name}`)),
  )
  return (await Promise.all(spools)).flat()
}

async function ship(): Promise<void> {
  const config = join(folder, 'reader.json')
  const credentialsFile = await bed.credentialsFile({ kind: 'Reader', ...run })
  const { url, caFile } = bed.nats
  const bus = { servers: [url], caFile, credentialsFile, ...run }
  const storage = join(folder, 'storage')
  await writeFile(config, JSON.stringify({ schemaVersion: 1, storage, runKeys: [], bus }))
  const { exitCode, stderr } = await runProgram('pod/reader/main.ts', [
    '--ship',
    '--config',
    config,
  ])
  expect(exitCode, stderr).toBe(EXIT_CODES.Succeeded)
}

async function goAwayForMs(ms: number): Promise<void> {
  await bed.nats.stop('Killed')
  const startMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, ms))
  await bed.nats.start()
  process.stdout.write(`NATS was away for ${Math.round(performance.now() - startMs)} ms\n`)
}

/** What the bus has, once it is connected again. */
const reportsOfRun = (): Promise<readonly RunReport[]> =>
  waitUntil({ what: 'the bus', withinMs: 60_000, look: () => bed.bus.listReports(run) })

/** Resolves when the bus has heard of a step of this attempt, or of one after it. */
function reached(number: number, step: number): Promise<void> {
  const holds = (): boolean => (bed.bus.findHeartbeat(attempt(number))?.step ?? 0) >= step
  return new Promise((resolve) => {
    const stop = bed.bus.watch(() => {
      if (!holds()) return
      stop()
      resolve()
    })
  })
}

describe('a trainer on NATS', () => {
  test('reports each step exactly once, and how far it is, and serves it as metrics', async () => {
    const metricsPort = await freePort()
    let scraped = ''
    const ended = await runTrainer({
      config: await aTraining(1, { steps: 40, metricsPort }),
      folder,
      async onLine({ msg, step }) {
        if (msg !== 'Step' || step !== 20) return
        scraped = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      },
    })
    expect(ended.exitCode).toBe(0)
    const reports = await bed.bus.listReports(run)
    expect(reports).toEqual(await spooled())
    expect(reports.filter(({ kind }) => kind === 'Step').map(({ step }) => step)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    const beat = bed.bus.findHeartbeat(attempt(1))
    expect(beat).toMatchObject({ step: 40, totalSteps: 40, unshipped: 0, hasEnded: true })
    expect(beat?.checkpoint).toMatchObject({ step: 40, digest: expect.stringMatching(/^\w{64}$/) })
    expect(scraped).toMatch(/^neco_train_loss\{run="study-0-r0",attempt="1"\} \d/m)
    expect(scraped).toMatch(/^neco_train_step\{.*\} 2\d$/m)
  })

  test('loses and doubles nothing while the server is away for five seconds', async () => {
    const config = await aTraining(1, { steps: 500 })
    let outage: Promise<void> | undefined
    const training = runTrainer({
      config,
      folder,
      onLine({ step }) {
        if (step !== undefined && step >= 5) outage ??= goAwayForMs(5000)
      },
    })
    const { exitCode } = await training
    await outage
    expect(exitCode).toBe(0)
    const spool = await spooled()
    await ship()
    expect(told(await reportsOfRun())).toEqual(told(spool))
    expect(spool.filter(({ kind }) => kind === 'Step')).toHaveLength(500)
  })

  test('that is killed while the server is away leaves reports to a reader, beside those of the next attempt', async () => {
    const config = await aTraining(1, { steps: 300 })
    let away: Promise<void> | undefined
    const killed = await runTrainer({
      config,
      folder,
      onLine({ step = 0 }, child) {
        if (step >= 5) away ??= bed.nats.stop('Killed')
        if (step === 200) child.kill('SIGKILL')
      },
    })
    await away
    expect(killed.exitCode).toBeUndefined()
    const left = await spooled()
    await bed.nats.start()
    expect(left.length).toBeGreaterThan((await reportsOfRun()).length)
    const next = await aTraining(2, { steps: 300 })
    expect((await runTrainer({ config: next, folder })).exitCode).toBe(0)
    expect(isAllShipped(bed.bus.findHeartbeat(attempt(1)))).toBe(false)
    await ship()
    expect(told(await reportsOfRun())).toEqual(told(await spooled()))
    await ship()
    expect(told(await reportsOfRun())).toEqual(told(await spooled()))
  })

  test('writes a checkpoint when it is asked, goes on, and stops after one when it is told', async () => {
    const config = await aTraining(1, { steps: 100_000 })
    const training = runTrainer({ config, folder })
    await reached(1, 1)
    const saved = await bed.bus.sendCommand(attempt(1), { name: 'checkpoint', timeoutMs: 60_000 })
    if (saved.state !== 'Done' || saved.checkpoint === undefined) throw new Error(saved.state)
    const storage = folderStorage(join(folder, 'storage'), Date.now)
    const manifest = await storage.read(`${saved.checkpoint.folder}/manifest.json`)
    expect(JSON.parse(Buffer.from(manifest).toString())).toMatchObject({
      step: saved.checkpoint.step,
      shards: { student: { sha256: saved.checkpoint.digest } },
    })
    const stopped = await bed.bus.sendCommand(attempt(1), { name: 'stop', timeoutMs: 60_000 })
    if (stopped.state !== 'Done' || stopped.checkpoint === undefined) throw new Error(stopped.state)
    const { exitCode, lastWords } = await training
    expect([exitCode, lastWords?.step]).toEqual([EXIT_CODES.Interrupted, stopped.checkpoint.step])
    expect(stopped.checkpoint.step).toBeGreaterThan(saved.checkpoint.step)
  })

  test('trains to its end and keeps its reports where the server is away from the start', async () => {
    await bed.nats.stop('Killed')
    const { exitCode } = await runTrainer({ config: await aTraining(1, { steps: 6 }), folder })
    expect(exitCode).toBe(0)
    await bed.nats.start()
    await ship()
    expect(told(await reportsOfRun())).toEqual(told(await spooled()))
    expect(isAllShipped(bed.bus.findHeartbeat(attempt(1)))).toBe(true)
  })

  test('whose credentials are refused trains to its end, and says so once', async () => {
    const config = await aTraining(1, { steps: 6 })
    await writeFile(
      config.execution.bus?.credentialsFile ?? '',
      await readFile(bed.nats.strangerCredsFile),
    )
    const { exitCode, lines } = await runTrainer({ config, folder })
    const complaints = lines.filter(({ msg }) => msg.startsWith('NATS refuses'))
    expect([exitCode, complaints.length]).toEqual([0, 1])
    expect(complaints[0]?.['why']).toMatch(/authorization/i)
  })
})

describe('an evaluator on NATS', () => {
  test('reports what it measured, as work of its own beside the training', async () => {
    const task = { kind: 'Evaluation', name: 'scenes' } as const
    const address = { ...run, task, attempt: 1 }
    const { url: server, caFile } = bed.nats
    const credentialsFile = await bed.credentialsFile({ kind: 'Pod', ...address })
    const bus = { servers: [server], caFile, credentialsFile, ...run, task }
    const config = anEvaluationConfig(join(folder, 'storage'), { at: [0] })
    const path = join(folder, 'run-config.json')
    await writeFile(path, JSON.stringify({ ...config, execution: { ...config.execution, bus } }))
    const { exitCode, stdout } = await runProgram('evaluator/main.ts', ['--config', path])
    expect(exitCode, stdout).toBe(0)
    const reports = await reportsOfRun()
    expect(reports.map(({ kind }) => kind)).toEqual(['Evaluation'])
    expect(reports).toEqual(await spooled())
    expect(isAllShipped(bed.bus.findHeartbeat(address))).toBe(true)
  })
})
