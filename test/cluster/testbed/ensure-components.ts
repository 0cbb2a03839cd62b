import { setTimeout as after } from 'node:timers/promises'
import { InputError } from '../../../cli/input-error.ts'
import { lockOutput, type OutputLock } from '../../../cli/local/output-lock.ts'
import { buildComponent } from './build-component.ts'
import { COMPONENTS, type Component, type ComponentName } from './components.ts'
import { cacheFolder, findComponent } from './find-component.ts'
import { findOnPath } from './find-on-path.ts'

export type ComponentPaths = Readonly<Record<ComponentName, string>>

/** All programs with their paths; or the lines that say how to get those that are missing. */
export type EnsureResult =
  | { readonly kind: 'Ready'; readonly paths: ComponentPaths }
  | { readonly kind: 'Missing'; readonly lines: readonly string[] }

const all: readonly Component[] = Object.values(COMPONENTS)

type LogWriter = (line: string) => void

/**
 * Finds every program of the testbed, and builds missing ones with Go, logging each with its time.
 */
export async function ensureComponents(log: LogWriter): Promise<EnsureResult> {
  const found = await findAll()
  if (found.size === all.length) return ready(found)
  const go = await findOnPath('go')
  if (go === undefined) return { kind: 'Missing', lines: missingLines(found) }
  const lock = await lockCache(log)
  try {
    return ready(await buildMissing(go, log))
  } finally {
    await lock.release()
  }
}

async function findAll(): Promise<Map<string, string>> {
  const entries = await Promise.all(
    all.map(async (component) => [component.name, await findComponent(component)] as const),
  )
  return new Map(entries.flatMap(([name, path]) => (path === undefined ? [] : [[name, path]])))
}

const ready = (found: ReadonlyMap<string, string>): EnsureResult => ({
  kind: 'Ready',
  paths: Object.fromEntries(found) as ComponentPaths,
})

async function buildMissing(go: string, log: LogWriter): Promise<Map<string, string>> {
  // Another run may have built some of them while this one waited.
  const found = await findAll()
  const missing = all.filter(({ name }) => !found.has(name))
  const minutes = missing.reduce((sum, { buildMinutes }) => sum + buildMinutes, 0)
  log(
    `building ${missing.length} programs with Go into ${cacheFolder()}: once, ${minutes} minutes on two cores`,
  )
  for (const component of missing) {
    const startMs = performance.now()
    found.set(component.name, await buildComponent(component, go))
    const seconds = Math.round((performance.now() - startMs) / 1000)
    log(`built ${component.name} ${component.version} in ${seconds} s`)
  }
  return found
}

/** Lines that say what is missing and how to get it; none when all is there or Go can build it. */
export async function missingComponents(): Promise<readonly string[]> {
  if ((await findOnPath('go')) !== undefined) return []
  const found = await findAll()
  return found.size === all.length ? [] : missingLines(found)
}

function missingLines(found: ReadonlyMap<string, string>): readonly string[] {
  const missing = all.filter(({ name }) => !found.has(name))
  return [
    'the cluster tests need Go 1.26 or later to build these programs, or the programs on PATH:',
    ...missing.map(
      ({ name, version, alternativeSource: otherwise }) => `  ${name} ${version}: ${otherwise}`,
    ),
  ]
}

const LOOK_EVERY_MS = 500

/** Waits until no other run builds: two would build everything twice. */
async function lockCache(log: LogWriter): Promise<OutputLock> {
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    try {
      return await lockOutput({ folder: cacheFolder(), pid: process.pid, nowMs: Date.now() })
    } catch (cause) {
      if (!(cause instanceof InputError)) throw cause
      if (waited === 0) log('another run is building the programs: waiting for it')
      await after(LOOK_EVERY_MS)
    }
  }
}
