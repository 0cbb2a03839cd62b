import type { TestProject } from 'vitest/node'
import { startBed } from './bed.ts'
import { factsOf } from './bed-of-facts.ts'
import { ensureComponents } from './ensure-components.ts'

const say = (line: string): void => void process.stdout.write(`test bed: ${line}\n`)

/** Starts the control plane that the cluster tests share, and gives what ends it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const startMs = performance.now()
  const components = await ensureComponents(say)
  if (components.kind === 'Missing') throw new Error(components.lines.join('\n'))
  const readyMs = performance.now()
  const bed = await startBed({
    programs: components.paths,
    log: say,
  })
  const seconds = [readyMs - startMs, performance.now() - readyMs].map((ms) =>
    (ms / 1000).toFixed(1),
  )
  say(`programs found or built in ${seconds[0]} s; started in ${seconds[1]} s; ${bed.folder.path}`)
  project.provide('bed', factsOf(bed))
  return bed.close
}
