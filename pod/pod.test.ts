import { EventEmitter } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TerminationMessage } from '../contract/run-report.ts'
import { omitUndefined } from '../std/omit-undefined.ts'
import { faultyStorage } from '../test/fakes/faulty-storage.ts'
import { memoryBucket } from '../test/fakes/memory-bucket.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { canonicalDigest, canonicalJson } from './canonical-digest.ts'
import { readRunConfig } from './read-run-config.ts'
import { openSpool, type ReportBody, readSpool } from './spool.ts'
import { createStopSignal } from './stop-signal.ts'
import type { Storage } from './storage.ts'
import { writeTermination } from './termination-message.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-pod-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('canonical JSON', () => {
  test('sorts keys, leaves out what is undefined, and writes the shortest decimals', () => {
    expect(canonicalJson({ b: 1e-5, a: [0.1, null, 'x'], c: undefined })).toBe(
      '{"a":[0.1,null,"x"],"b":0.00001}',
    )
  })
  test('is the same however the keys were ordered, and reads back as the value', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalDigest(reversed)).toBe(canonicalDigest(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })
  test('refuses a number that is not finite', () => {
    expect(() => canonicalJson({ loss: Number.NaN })).toThrow('NaN has no canonical form')
  })
})

describe('a run-config', () => {
  const path = () => join(folder, 'run-config.json')
  test('is read whole', async () => {
    await writeFile(path(), JSON.stringify(buildMicroRunConfig()))
    expect(await readRunConfig(path())).toEqual(buildMicroRunConfig())
  })
  test('that names no pod is completed by its environment, and by nothing else', async () => {
    const { identity, ...rest } = buildMicroRunConfig()
    await writeFile(path(), JSON.stringify({ ...rest, identity: { run: identity.run } }))
    const environment = { NECO_POD_UID: 'uid-of-the-pod', NECO_ATTEMPT: '3' }
    const { identity: read } = await readRunConfig(path(), environment)
    expect(read).toEqual({ run: identity.run, podUid: 'uid-of-the-pod', attempt: 3 })
    await writeFile(path(), JSON.stringify(buildMicroRunConfig()))
    expect((await readRunConfig(path(), environment)).identity).toEqual(identity)
  })
  test('takes from its environment the deadlines that may be edited between two attempts', async () => {
    await writeFile(path(), JSON.stringify(buildMicroRunConfig()))
    const environment = { NECO_FIRST_STEP_SECONDS: '600', NECO_STALL_SECONDS: '60' }
    const { execution } = await readRunConfig(path(), environment)
    expect(execution).toMatchObject({ firstStepSeconds: 600, stallSeconds: 60 })
    const wrong = readRunConfig(path(), { NECO_STALL_SECONDS: 'soon' })
    await expect(wrong).rejects.toThrow('execution.stallSeconds')
  })
  test('takes from its environment whether an evaluation runs beside the training', async () => {
    await writeFile(path(), JSON.stringify(buildMicroRunConfig()))
    const beside = await readRunConfig(path(), { NECO_BESIDE_TRAINING: 'true' })
    expect(beside.isBesideTraining).toBe(true)
    expect((await readRunConfig(path())).isBesideTraining).toBeUndefined()
  })
  test('with wrong fields is refused with each of them', async () => {
    const { result, ...rest } = buildMicroRunConfig()
    const wrong = {
      ...rest,
      result: { ...result, seed: -1, loss: { ...result.loss, lambda: 'x' } },
    }
    await writeFile(path(), JSON.stringify(wrong))
    const reading = readRunConfig(path())
    await expect(reading).rejects.toMatchObject({ code: 'RunConfigInvalid', reason: 'UserError' })
    await expect(reading).rejects.toThrow(
      /result\.seed: .*result\.loss\.lambda: |result\.loss\.lambda: .*result\.seed: /,
    )
  })
  test('that is no JSON, or not there, is refused with its path', async () => {
    await expect(readRunConfig(path())).rejects.toThrow('cannot be read')
    await writeFile(path(), '{')
    await expect(readRunConfig(path())).rejects.toThrow(`${path()}: not JSON`)
  })
})

describe('a spool', () => {
  const body = (kind: ReportBody['kind'], step: number): ReportBody => ({
    kind,
    step,
    totalSteps: 9,
    imagesSeen: 0,
    metrics: { loss: step },
  })
  let storage: Storage
  beforeEach(() => {
    storage = memoryBucket()
  })
  const open = (capBytes?: number, into = storage) =>
    openSpool({
      storage: into,
      attempt: 'attempt',
      identity: { run: 'run', attempt: 1, podUid: 'pod' },
      now: () => new Date(0),
      monotonicMs: () => 5,
      ...omitUndefined({ capBytes }),
    })
  const lines = () => readSpool(storage, 'attempt')

  test('numbers its lines, and goes on with the numbers when opened again', async () => {
    await (await open()).write([body('Started', 0), body('Step', 1)])
    await (await open()).write([body('Ended', 2)])
    expect((await lines()).map(({ sequence, kind }) => [sequence, kind])).toEqual([
      [1, 'Started'],
      [2, 'Step'],
      [3, 'Ended'],
    ])
  })
  test('reads back what was written before a write that failed, and after it', async () => {
    for (const fault of ['NoSpace', 'LostReply'] as const) {
      await storage.deletePrefix('attempt')
      const spool = await open(undefined, faultyStorage(storage, 1, fault))
      await spool.write([body('Started', 0)])
      await expect(spool.write([body('Step', 1)])).rejects.toThrow()
      await spool.write([body('Step', 1), body('Step', 2)])
      expect((await lines()).map(({ sequence, step }) => [sequence, step])).toEqual([
        [1, 0],
        [2, 1],
        [3, 2],
      ])
    }
  })
  test('starts another segment instead of writing one beyond 64 KiB again', async () => {
    const spool = await open()
    for (let step = 1; step <= 500; step++) await spool.write([body('Step', step)])
    await (await open()).write([body('Ended', 500)])
    const paths = await storage.listRecursively('attempt')
    expect(paths).toEqual(['spool/00000001.ndjson', 'spool/00000002.ndjson'])
    const [first] = await Promise.all(paths.map((path) => storage.stat(`attempt/${path}`)))
    expect(first?.sizeBytes).toBeLessThan(65 * 1024)
    expect((await lines()).map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 501 }, (_, at) => at + 1),
    )
  })
  test('that is full thins step lines and never results', async () => {
    const spool = await open(1)
    await spool.write([body('Started', 0)])
    for (let step = 1; step <= 200; step++) await spool.write([body('Step', step)])
    await spool.write([body('Evaluation', 200), body('Ended', 200)])
    const kinds = (await lines()).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'Step')).toHaveLength(2)
    expect(kinds.filter((kind) => kind !== 'Step')).toEqual(['Started', 'Evaluation', 'Ended'])
  })
})

describe('a termination message', () => {
  const buildTestTermination = (overrides: Partial<TerminationMessage>): TerminationMessage => ({
    schemaVersion: 1,
    reason: 'Succeeded',
    message: 'done',
    reused: false,
    step: 1,
    metrics: {},
    evaluations: [],
    ...overrides,
  })
  const written = async (message: TerminationMessage) => {
    await writeTermination(join(folder, 'last'), message)
    const text = await readFile(join(folder, 'last'), 'utf8')
    return { bytes: Buffer.byteLength(text), message: JSON.parse(text) as TerminationMessage }
  }
  test('stays as it is while it fits', async () => {
    expect((await written(buildTestTermination({}))).message).toEqual(buildTestTermination({}))
  })
  test('fits 4 KiB: figures go first, then text, then the oldest evaluations', async () => {
    const evaluations = Array.from({ length: 20 }, (_, i) => ({
      key: 'k'.repeat(64),
      at: i / 20,
      metrics: { inContextMiou: i, linearMiou: i, neighborAgreementTau: 0.5, effectiveRank: 9 },
      figures: ['f'.repeat(80)],
    }))
    const { bytes, message } = await written(
      buildTestTermination({ message: 'm'.repeat(1500), evaluations }),
    )
    expect(bytes).toBeLessThanOrEqual(4096)
    expect(message.message).toBe('m'.repeat(200))
    expect(message.evaluations.at(-1)).toEqual({ ...evaluations.at(-1), figures: [] })
  })
  test('leaves out evaluations that a training found, each as a whole, with the figures of the others', async () => {
    const evaluations = Array.from({ length: 24 }, (_, i) => ({
      name: `found-${Math.floor(i / 2)}`,
      key: 'k'.repeat(64),
      at: i % 2,
      metrics: { inContextMiou: i },
      figures: ['f'.repeat(100)],
    }))
    const { bytes, message } = await written(
      buildTestTermination({ message: 'found', evaluations }),
    )
    expect(bytes).toBeLessThanOrEqual(4096)
    expect([message.evaluations.length % 2, message.message]).toEqual([0, 'found'])
    expect(message.evaluations.length).toBeGreaterThan(10)
    expect(message.evaluations).toEqual(evaluations.slice(0, message.evaluations.length))
    const short = evaluations.map((one) => ({ ...one, key: 'k', metrics: {}, figures: [] }))
    expect(
      (await written(buildTestTermination({ evaluations: short }))).message.evaluations,
    ).toHaveLength(20)
  })
})

describe('a stop signal', () => {
  test.each(['SIGTERM', 'SIGINT'])('is given by %s', (name) => {
    const process = new EventEmitter()
    const signal = createStopSignal({ process })
    expect(signal.aborted).toBe(false)
    process.emit(name)
    expect(signal.reason).toBe(name)
  })
  test('is given when the parent that holds our stdin is gone', async () => {
    const parentPipe = new PassThrough()
    const signal = createStopSignal({ process: new EventEmitter(), parentPipe })
    parentPipe.end()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    expect(signal.reason).toBe('the parent process is gone')
  })
})
