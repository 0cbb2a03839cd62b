import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pino from 'pino'
import { ReaderConfig } from '../../contract/bus-messages.ts'
import { buildReaderInboxPrefix } from '../../contract/bus-names.ts'
import { EXIT_CODES } from '../../contract/exit-codes.ts'
import { ifExists } from '../../std/files/storage-error.ts'
import { type Sleep, toBusLog } from '../bus/bus-link.ts'
import { openNatsLink } from '../bus/nats-link.ts'
import { classifyFailure } from '../classify-failure.ts'
import { folderStorage } from '../folder-storage.ts'
import { PodFailure } from '../pod-failure.ts'
import { toFileLines } from './file-lines.ts'
import { buildCurveFileName, packCurve, readCurve } from './read-curve.ts'
import { shipUnshippedSpools } from './ship-unshipped-spools.ts'

const USAGE =
  'node pod/reader/main.ts --ship --config FILE [--within SECONDS] | [--cat PATH …] [--curve RUN-KEY …] --storage FOLDER'

// What --cat and --curve print must stand alone on stdout.
const log = pino({ base: null }, pino.destination(2))
const sleep: Sleep = (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined)

const buildReaderError = (message: string, cause?: unknown): PodFailure =>
  new PodFailure(message, { code: 'ReaderAskedWrongly', reason: 'UserError', cause })

async function readConfig(path: string): Promise<ReaderConfig> {
  try {
    return ReaderConfig.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw buildReaderError(`${path}: ${(cause as Error).message}`, cause)
  }
}

async function ship(configPath: string, withinSeconds: number): Promise<void> {
  const config = await readConfig(configPath)
  const storage = folderStorage(config.storage)
  const busLog = toBusLog(log)
  const inboxPrefix = buildReaderInboxPrefix(config.bus)
  const name = `neco-reader-${config.bus.runUid}`
  const link = openNatsLink({ ...config.bus, inboxPrefix, name, sleep, log: busLog })
  const deadline = new AbortController()
  const timer = globalThis.setTimeout(() => deadline.abort(), withinSeconds * 1000)
  process.once('SIGTERM', () => deadline.abort())
  try {
    const dependencies = { storage, link, sleep, now: () => new Date(), log: busLog }
    const { spools, unshipped } = await shipUnshippedSpools(config, dependencies, deadline.signal)
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
    throw buildReaderError(`--cat ${path}: give a path under the storage, without ..`)
  }
}

async function printFiles(root: string, paths: readonly string[]): Promise<void> {
  paths.forEach(checkPath)
  const storage = folderStorage(root)
  for (const path of paths) {
    const bytes = await ifExists(storage.read(path))
    for (const line of toFileLines(path, bytes)) console.log(line)
  }
}

/** Prints the training curve of each run key as a file. */
async function printCurves(root: string, runKeys: readonly string[]): Promise<void> {
  runKeys.forEach(checkPath)
  const storage = folderStorage(root)
  for (const key of runKeys) {
    const bytes = packCurve(await readCurve(storage, key))
    for (const line of toFileLines(buildCurveFileName(key), bytes)) console.log(line)
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
  const requestedCount = values.cat.length + values.curve.length
  if (values.ship && values.config !== undefined) {
    await ship(values.config, Number(values.within))
  } else if (requestedCount > 0 && values.storage !== undefined) {
    await printFiles(values.storage, values.cat)
    await printCurves(values.storage, values.curve)
  } else throw buildReaderError(USAGE)
}

try {
  await main()
} catch (error) {
  const { reason, code } = classifyFailure(error, () => undefined)
  log.error({ err: error, reason, code }, error instanceof Error ? error.message : String(error))
  process.exitCode = EXIT_CODES[reason]
}
