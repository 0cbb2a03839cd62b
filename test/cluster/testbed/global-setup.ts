import type { TestProject } from 'vitest/node'
import { ensureComponents } from './ensure-components.ts'
import { startTestbed } from './testbed.ts'
import { toTestbedInfo } from './testbed-info.ts'

const log = (line: string): void => void process.stdout.write(`testbed: ${line}\n`)

/** Starts the control plane that the cluster tests share, and returns its teardown. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const startMs = performance.now()
  const components = await ensureComponents(log)
  if (components.kind === 'Missing') throw new Error(components.lines.join('\n'))
  const readyMs = performance.now()
  const testbed = await startTestbed({
    programs: components.paths,
    log: log,
  })
  const seconds = [readyMs - startMs, performance.now() - readyMs].map((ms) =>
    (ms / 1000).toFixed(1),
  )
  log(
    `programs found or built in ${seconds[0]} s; started in ${seconds[1]} s; ${testbed.folder.path}`,
  )
  project.provide('testbed', toTestbedInfo(testbed))
  return testbed.close
}
