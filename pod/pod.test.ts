import { EventEmitter } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TerminationMessage } from '../contract/run-report.ts'
import { omitUndefined } from '../std/omit-undefined.ts'
import { aMicroRunConfig } from '../test/micro-run-config.ts'
import { canonicalDigest, canonicalJson } from './canonical-digest.ts'
import { folderStorage } from './folder-storage.ts'
import { readRunConfig } from './read-run-config.ts'
import { openSpool, parseSpool, type ReportBody } from './spool.ts'
import { createStopSignal } from './stop-signal.ts'
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

describe('the storage of a folder', () => {
  const storage = () => folderStorage(folder, Date.now)
  test('replaces files as a whole and leaves no temporary file', async () => {
    await storage().writeAtomic('a/b.txt', 'one')
    await storage().writeAtomic('a/b.txt', 'two')
    expect(Buffer.from(await storage().read('a/b.txt')).toString()).toBe('two')
    expect(await storage().list('a')).toEqual(['b.txt'])
  })
  test('appends, and creates a file only once', async () => {
    await storage().append('log', 'a')
    await storage().append('log', 'b')
    expect(Buffer.from(await storage().read('log')).toString()).toBe('ab')
    expect(await storage().createExclusive('claim', 'me')).toBe(true)
    expect(await storage().createExclusive('claim', 'you')).toBe(false)
  })
  test('names what is missing, and lists nothing where there is no folder', async () => {
    await expect(storage().read('none')).rejects.toMatchObject({ code: 'NotFound', path: 'none' })
    expect(await storage().list('none')).toEqual([])
    expect(await storage().ageMs('none')).toBeUndefined()
    await storage().remove('none')
  })
  test('tells the age of a file', async () => {
    await storage().writeAtomic('claim', 'me')
    const later = folderStorage(folder, () => Date.now() + 60_000)
    expect(await later.ageMs('claim')).toBeGreaterThan(50_000)
  })
})

describe('a run-config', () => {
  const path = () => join(folder, 'run-config.json')
  test('is read whole', async () => {
    await writeFile(path(), JSON.stringify(aMicroRunConfig()))
    expect(await readRunConfig(path())).toEqual(aMicroRunConfig())
  })
  test('that names no pod is completed by its environment, and by nothing else', async () => {
    const { identity, ...rest } = aMicroRunConfig()
    await writeFile(path(), JSON.stringify({ ...rest, identity: { run: identity.run } }))
    const environment = { NECO_POD_UID: 'uid-of-the-pod', NECO_ATTEMPT: '3' }
    const { identity: read } = await readRunConfig(path(), environment)
    expect(read).toEqual({ run: identity.run, podUid: 'uid-of-the-pod', attempt: 3 })
    await writeFile(path(), JSON.stringify(aMicroRunConfig()))
    expect((await readRunConfig(path(), environment)).identity).toEqual(identity)
  })
  test('takes from its environment the deadlines that may be edited between two attempts', async () => {
    await writeFile(path(), JSON.stringify(aMicroRunConfig()))
    const environment = { NECO_FIRST_STEP_SECONDS: '600', NECO_STALL_SECONDS: '60' }
    const { execution } = await readRunConfig(path(), environment)
    expect(execution).toMatchObject({ firstStepSeconds: 600, stallSeconds: 60 })
    const wrong = readRunConfig(path(), { NECO_STALL_SECONDS: 'soon' })
    await expect(wrong).rejects.toThrow('execution.stallSeconds')
  })
  test('takes from its environment whether an evaluation runs beside the training', async () => {
    await writeFile(path(), JSON.stringify(aMicroRunConfig()))
    const beside = await readRunConfig(path(), { NECO_BESIDE_TRAINING: 'true' })
    expect(beside.isBesideTraining).toBe(true)
    expect((await readRunConfig(path())).isBesideTraining).toBeUndefined()
  })
  test('with wrong fields is refused with each of them', async () => {
    const { result, ...rest } = aMicroRunConfig()
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
  const open = (capBytes?: number) =>
    openSpool({
      storage: folderStorage(folder, Date.now),
      path: 'spool.ndjson',
      identity: { run: 'run', attempt: 1, podUid: 'pod' },
      now: () => new Date(0),
      monotonicMs: () => 5,
      ...omitUndefined({ capBytes }),
    })
  const lines = async () => parseSpool(await readFile(join(folder, 'spool.ndjson'), 'utf8'))

  test('numbers its lines, and goes on with the numbers when opened again', async () => {
    await (await open()).write([body('Started', 0), body('Step', 1)])
    await (await open()).write([body('Ended', 2)])
    expect((await lines()).map(({ sequence, kind }) => [sequence, kind])).toEqual([
      [1, 'Started'],
      [2, 'Step'],
      [3, 'Ended'],
    ])
  })
  test('leaves a line torn by a crash behind, and numbers on after the last whole one', async () => {
    await (await open()).write([body('Started', 0)])
    await folderStorage(folder, Date.now).append('spool.ndjson', '{"schemaVersion":1,"ru')
    await (await open()).write([body('Step', 1)])
    expect((await lines()).map(({ sequence }) => sequence)).toEqual([1, 2])
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

describe('last words', () => {
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
  test('are kept as they are while they fit', async () => {
    expect((await written(buildTestTermination({}))).message).toEqual(buildTestTermination({}))
  })
  test('fit 4 KiB: figures go first, then text, then the oldest evaluations', async () => {
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
  test('leave out evaluations that a training found, each as a whole, and keep the figures of the others', async () => {
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
