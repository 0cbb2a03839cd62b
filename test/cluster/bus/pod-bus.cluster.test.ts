import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { isAllShipped } from '../../../contract/bus-messages.ts'
import type { AttemptAddress } from '../../../contract/bus-names.ts'
import { EXIT_CODES } from '../../../contract/exit-codes.ts'
import type { RunConfig } from '../../../contract/run-config.ts'
import type { RunReport } from '../../../contract/run-report.ts'
import { TRAINING } from '../../../contract/task-address.ts'
import { folderStorage } from '../../../pod/folder-storage.ts'
import { readSpool } from '../../../pod/spool.ts'
import { attemptsFolder } from '../../../pod/storage-layout.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { buildEvaluationConfig } from '../../fixtures/evaluator-fixture.ts'
import { buildMicroRunConfig } from '../../fixtures/micro-run-config.ts'
import { runNodeProgram } from '../../programs/run-node-program.ts'
import { runTrainerProcess } from '../../programs/run-trainer-process.ts'
import { freePort } from '../testbed/free-port.ts'
import { waitUntil } from '../testbed/wait-until.ts'
import { type BusTestbed, openBusTestbed } from './bus-testbed.ts'
import { readStreamedReports } from './run-reports.ts'

const run = { namespace: 'default', runUid: 'run-1' }
const attempt = (number: number): AttemptAddress => ({ ...run, task: TRAINING, attempt: number })

let folder = ''
let testbed: BusTestbed
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-pod-bus-'))
  testbed = await openBusTestbed()
})
afterEach(async () => {
  await testbed.close()
  await rm(folder, { recursive: true })
})

/** A training of these steps whose pod reports on the bus of the testbed. */
async function aTraining(
  number: number,
  { steps, metricsPort }: { readonly steps: number; readonly metricsPort?: number },
): Promise<RunConfig> {
  const credentialsFile = await testbed.credentialsFile({ kind: 'Pod', ...attempt(number) })
  const { url, caFile } = testbed.nats
  return buildMicroRunConfig({
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

const listReceivedReports = (reports: readonly RunReport[]) =>
  reports.map(({ podUid, sequence, kind, step }) => ({ podUid, sequence, kind, step }))

/** The reports in the spools of all attempts, in the order of attempts. */
async function spooled(): Promise<readonly RunReport[]> {
  const storage = folderStorage(join(folder, 'storage'))
  const [runKey = ''] = await storage.list('runs')
  const attempts = await storage.list(attemptsFolder(runKey))
  const spools = attempts.map((name) => readSpool(storage, `${attemptsFolder(runKey)}/${name}`))
  return (await Promise.all(spools)).flat()
}

async function ship(): Promise<void> {
  const config = join(folder, 'reader.json')
  const credentialsFile = await testbed.credentialsFile({ kind: 'Reader', ...run })
  const { url, caFile } = testbed.nats
  const bus = { servers: [url], caFile, credentialsFile, ...run }
  const storage = join(folder, 'storage')
  await writeFile(config, JSON.stringify({ schemaVersion: 1, storage, runKeys: [], bus }))
  const { exitCode, stderr } = await runNodeProgram('pod/reader/main.ts', [
    '--ship',
    '--config',
    config,
  ])
  expect(exitCode, stderr).toBe(EXIT_CODES.Succeeded)
}

async function goAwayForMs(ms: number): Promise<void> {
  await testbed.nats.stop('Killed')
  const startMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve, ms))
  await testbed.nats.start()
  process.stdout.write(`NATS was down for ${Math.round(performance.now() - startMs)} ms\n`)
}

const listStreamedReports = async (): Promise<readonly RunReport[]> =>
  (await readStreamedReports(testbed.nats, run)).reports

/** What the stream has, once its server is up again. */
const listRunReports = (): Promise<readonly RunReport[]> =>
  waitUntil({ what: 'the bus', withinMs: 60_000, look: listStreamedReports })

/** Resolves when the bus has received a heartbeat of this attempt at the step or later. */
function reached(number: number, step: number): Promise<void> {
  const holds = (): boolean => (testbed.bus.findHeartbeat(attempt(number))?.step ?? 0) >= step
  return new Promise((resolve) => {
    const stop = testbed.bus.watch(() => {
      if (!holds()) return
      stop()
      resolve()
    })
  })
}

describe('a trainer on NATS', () => {
  test('reports each step exactly once, sends its progress, and serves metrics', async () => {
    const metricsPort = await freePort()
    let scraped = ''
    const ended = await runTrainerProcess({
      config: await aTraining(1, { steps: 40, metricsPort }),
      folder,
      async onLine({ msg, step }) {
        if (msg !== 'Step' || step !== 20) return
        scraped = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
      },
    })
    expect(ended.exitCode).toBe(0)
    const reports = await listStreamedReports()
    expect(reports).toEqual(await spooled())
    expect(reports.filter(({ kind }) => kind === 'Step').map(({ step }) => step)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    )
    const beat = testbed.bus.findHeartbeat(attempt(1))
    expect(beat).toMatchObject({ step: 40, totalSteps: 40, unshipped: 0, hasEnded: true })
    expect(beat?.checkpoint).toMatchObject({ step: 40, digest: expect.stringMatching(/^\w{64}$/) })
    expect(scraped).toMatch(/^neco_train_loss\{run="study-0-r0",attempt="1"\} \d/m)
    expect(scraped).toMatch(/^neco_train_step\{.*\} 2\d$/m)
  })

  test('loses and duplicates nothing in an outage of five seconds', async () => {
    const config = await aTraining(1, { steps: 500 })
    let outage: Promise<void> | undefined
    const training = runTrainerProcess({
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
    expect(listReceivedReports(await listRunReports())).toEqual(listReceivedReports(spool))
    expect(spool.filter(({ kind }) => kind === 'Step')).toHaveLength(500)
  })

  test('that is killed during an outage leaves its reports to a reader, apart from those of the next attempt', async () => {
    const config = await aTraining(1, { steps: 300 })
    let away: Promise<void> | undefined
    const killed = await runTrainerProcess({
      config,
      folder,
      onLine({ step = 0 }, child) {
        if (step >= 5) away ??= testbed.nats.stop('Killed')
        if (step === 200) child.kill('SIGKILL')
      },
    })
    await away
    expect(killed.exitCode).toBeUndefined()
    const left = await spooled()
    await testbed.nats.start()
    expect(left.length).toBeGreaterThan((await listRunReports()).length)
    const next = await aTraining(2, { steps: 300 })
    expect((await runTrainerProcess({ config: next, folder })).exitCode).toBe(0)
    expect(isAllShipped(testbed.bus.findHeartbeat(attempt(1)))).toBe(false)
    await ship()
    expect(listReceivedReports(await listRunReports())).toEqual(
      listReceivedReports(await spooled()),
    )
    await ship()
    expect(listReceivedReports(await listRunReports())).toEqual(
      listReceivedReports(await spooled()),
    )
  })

  test('writes a checkpoint on request and continues, until it is asked to stop', async () => {
    const config = await aTraining(1, { steps: 100_000 })
    let trainer: ChildProcess | undefined
    const training = runTrainerProcess({
      config,
      folder,
      onLine: (_line, child) => {
        trainer = child
      },
    })
    await reached(1, 1)
    const saved = await testbed.bus.sendCommand(attempt(1), {
      name: 'checkpoint',
      timeoutMs: 60_000,
    })
    if (saved.state !== 'Done' || saved.checkpoint === undefined) throw new Error(saved.state)
    const storage = folderStorage(join(folder, 'storage'))
    const manifest = await storage.read(`${saved.checkpoint.folder}/manifest.json`)
    expect(JSON.parse(Buffer.from(manifest).toString())).toMatchObject({
      step: saved.checkpoint.step,
      shards: { student: { sha256: saved.checkpoint.digest } },
    })
    trainer?.kill('SIGTERM')
    const { exitCode, terminationMessage } = await training
    expect([exitCode, terminationMessage?.reason]).toEqual([EXIT_CODES.Interrupted, 'Interrupted'])
    expect(terminationMessage?.step).toBeGreaterThanOrEqual(saved.checkpoint.step)
  })

  test('trains to its end and leaves its reports where the server is down from the start', async () => {
    await testbed.nats.stop('Killed')
    const { exitCode } = await runTrainerProcess({
      config: await aTraining(1, { steps: 6 }),
      folder,
    })
    expect(exitCode).toBe(0)
    await testbed.nats.start()
    await ship()
    expect(listReceivedReports(await listRunReports())).toEqual(
      listReceivedReports(await spooled()),
    )
    await waitUntil({
      what: 'the last heartbeat',
      withinMs: 60_000,
      look: async () => isAllShipped(testbed.bus.findHeartbeat(attempt(1))) || undefined,
    })
  })

  test('whose credentials are refused trains to its end, and warns once', async () => {
    const config = await aTraining(1, { steps: 6 })
    await writeFile(
      config.execution.bus?.credentialsFile ?? '',
      await readFile(testbed.nats.untrustedCredsFile),
    )
    const { exitCode, lines } = await runTrainerProcess({ config, folder })
    const errorLines = lines.filter(({ msg }) => msg.startsWith('NATS refuses'))
    expect([exitCode, errorLines.length]).toEqual([0, 1])
    expect(errorLines[0]?.['why']).toMatch(/authorization/i)
  })
})

describe('an evaluator on NATS', () => {
  test('reports what it measured as a task of its own', async () => {
    const task = { kind: 'Evaluation', name: 'scenes' } as const
    const address = { ...run, task, attempt: 1 }
    const { url: server, caFile } = testbed.nats
    const credentialsFile = await testbed.credentialsFile({ kind: 'Pod', ...address })
    const bus = { servers: [server], caFile, credentialsFile, ...run, task }
    const config = buildEvaluationConfig(join(folder, 'storage'), { at: [0] })
    const path = join(folder, 'run-config.json')
    await writeFile(path, JSON.stringify({ ...config, execution: { ...config.execution, bus } }))
    const { exitCode, stdout } = await runNodeProgram('evaluator/main.ts', ['--config', path])
    expect(exitCode, stdout).toBe(0)
    const reports = await listRunReports()
    expect(reports.map(({ kind }) => kind)).toEqual(['Evaluation'])
    expect(reports).toEqual(await spooled())
    expect(isAllShipped(testbed.bus.findHeartbeat(address))).toBe(true)
  })
})
