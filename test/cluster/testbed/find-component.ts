import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { type Component, isSameVersion } from './components.ts'
import { findOnPath } from './find-on-path.ts'

const run = promisify(execFile)

/**
 * The cache of built programs, outside the checkout: NECO_TEST_CACHE, or a folder of the user's
 * cache.
 */
export const cacheFolder = (): string =>
  process.env['NECO_TEST_CACHE'] ?? join(homedir(), '.cache', 'neco-operator', 'bin')

async function reportsCompatibleVersion(component: Component, path: string): Promise<boolean> {
  try {
    const { stdout, stderr } = await run(path, [...component.versionArgs], { timeout: 30_000 })
    return isSameVersion(component, stdout + stderr)
  } catch {
    return false
  }
}

/**
 * The first program of the right version: on PATH, in KUBEBUILDER_ASSETS, in the cache; undefined
 * when there is none.
 */
export async function findComponent(component: Component): Promise<string | undefined> {
  const onPath = (process.env['PATH'] ?? '').split(delimiter)
  const assets = process.env['KUBEBUILDER_ASSETS'] ?? ''
  for (const folder of [...onPath, assets, cacheFolder()]) {
    const path = await findOnPath(component.name, [folder])
    if (path !== undefined && (await reportsCompatibleVersion(component, path))) return path
  }
  return undefined
}
