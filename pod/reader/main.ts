import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { ReaderConfig } from '../../crds/bus-messages.ts'
import { readerInboxPrefix } from '../../crds/bus-names.ts'
import { EXIT_CODES } from '../../crds/exit-codes.ts'
import type { BusLog, Sleep } from '../bus/bus-link.ts'
import { openNatsLink } from '../bus/nats-link.ts'
import { folderStorage } from '../folder-storage.ts'
import { nameFailure } from '../name-failure.ts'
import { PodFailure } from '../pod-failure.ts'
import { type Storage, StorageError } from '../storage.ts'
import { fileLines } from './file-lines.ts'
import { curveFile, packCurve, readCurve } from './read-curve.ts'
import { shipLeftovers } from './ship-leftovers.ts'

const USAGE =
  'node pod/reader/main.ts --ship --config FILE [--within SECONDS] | [--cat PATH …] [--curve RUN-KEY …] --storage FOLDER'

// What --cat and --curve print must stand alone on stdout.
const log = pino({ base: null }, pino.destination(2))
const sleep: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined)

const wrong = (message: string, cause?: unknown): PodFailure =>
  new PodFailure(message, { code: 'ReaderAskedWrongly', reason: 'UserError', cause })

async function readConfig(path: string): Promise<ReaderConfig> {
  try {
    return ReaderConfig.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw wrong(`${path}: ${(cause as Error).message}`, cause)
  }
}

async function ship(configPath: string, withinSeconds: number): Promise<void> {
  const config = await readConfig(configPath)
  const storage = folderStorage(config.storage, () => Date.now())
  const say: BusLog = {
    info: (message, data) => log.info(data, message),
    warn: (message, data) => log.warn(data, message),
  }
  const inboxPrefix = readerInboxPrefix(config.bus)
  const name = `neco-reader-${config.bus.runUid}`
  const link = openNatsLink({ ...config.bus, inboxPrefix, name, sleep, log: say })
  const late = new AbortController()
  const timer = globalThis.setTimeout(() => late.abort(), withinSeconds * 1000)
  process.once('SIGTERM', () => late.abort())
  try {
    const world = { storage, link, sleep, now: () => new Date(), log: say }
    const { spools, unshipped } = await shipLeftovers(config, world, late.signal)
    log.info({ spools, unshipped }, 'The reader has ended')
    if (unshipped === 0) return
  } finally {
    clearTimeout(timer)
    await link.close()
  }
  throw new PodFailure(`not all reports arrived in ${withinSeconds} s: NATS is away or refuses`, {
    code: 'ReportsLeft',
    reason: 'Infrastructure',
  })
}

function checkPath(path: string): void {
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw wrong(`--cat ${path}: give a path under the storage, without ..`)
  }
}

const readOrNone = (storage: Storage, path: string): Promise<Uint8Array | undefined> =>
  storage.read(path).catch((error: unknown) => {
    if (error instanceof StorageError && error.code === 'NotFound') return undefined
    throw error
  })

async function cat(root: string, paths: readonly string[]): Promise<void> {
  paths.forEach(checkPath)
  const storage = folderStorage(root, () => Date.now())
  for (const path of paths) {
    for (const line of fileLines(path, await readOrNone(storage, path))) console.log(line)
  }
}

/** Prints the training curve of each run key as a file. */
async function printCurves(root: string, runKeys: readonly string[]): Promise<void> {
  runKeys.forEach(checkPath)
  const storage = folderStorage(root, () => Date.now())
  for (const key of runKeys) {
    const bytes = packCurve(await readCurve(storage, key))
    for (const line of fileLines(curveFile(key), bytes)) console.log(line)
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      ship: { type: 'boolean' },
      cat: { type: 'string', multiple: true, default: [] },
      curve: { type: 'string', multiple: true, default: [] },
      config: { type: 'string' },
      storage: { type: 'string' },
      within: { type: 'string', default: '300' },
    },
  })
  const asked = values.cat.length + values.curve.length
  if (values.ship && values.config !== undefined) {
    await ship(values.config, Number(values.within))
  } else if (asked > 0 && values.storage !== undefined) {
    await cat(values.storage, values.cat)
    await printCurves(values.storage, values.curve)
  } else throw wrong(USAGE)
}

try {
  await main()
} catch (error) {
  const { reason, code } = nameFailure(error, () => undefined)
  log.error({ err: error, reason, code }, error instanceof Error ? error.message : String(error))
  process.exitCode = EXIT_CODES[reason]
}
