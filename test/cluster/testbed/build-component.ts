import { execFile } from 'node:child_process'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Component } from './components.ts'
import { cacheFolder } from './find-component.ts'

const run = promisify(execFile)

const modules = join(import.meta.dirname, 'go')

/**
 * Builds a program with Go into the cache and gives its path; it appears there atomically. Throws
 * with the output of the compiler.
 */
export async function buildComponent(component: Component, go: string): Promise<string> {
  const folder = cacheFolder()
  await mkdir(folder, { recursive: true })
  const aside = join(folder, `.${component.name}.${process.pid}`)
  const args = ['build', '-trimpath', '-buildvcs=false', ...component.flags, '-o', aside]
  try {
    await run(go, [...args, component.package], {
      cwd: join(modules, component.module),
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-mod=readonly', GOWORK: 'off' },
      maxBuffer: 64 * 1024 * 1024,
    })
    const path = join(folder, component.name)
    await rename(aside, path)
    return path
  } catch (cause) {
    const { stderr } = cause as { stderr?: string }
    throw new Error(`${component.name} could not be built with ${go}:\n${stderr ?? ''}`, { cause })
  } finally {
    await rm(aside, { force: true })
  }
}
