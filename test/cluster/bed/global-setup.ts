import type { TestProject } from 'vitest/node'
import { startBed } from './bed.ts'
import { ensureComponents } from './ensure-components.ts'

const say = (line: string): void => void process.stdout.write(`test bed: ${line}\n`)

/** Starts the control plane that the cluster tests share, and gives what ends it. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const startMs = performance.now()
  const components = await ensureComponents(say)
  if (components.kind === 'Missing') throw new Error(components.lines.join('\n'))
  const readyMs = performance.now()
  const { programs, folder, controlPlane, close } = await startBed({
    programs: components.paths,
    log: say,
  })
  const seconds = [readyMs - startMs, performance.now() - readyMs].map((ms) =>
    (ms / 1000).toFixed(1),
  )
  say(`programs found or built in ${seconds[0]} s; started in ${seconds[1]} s; ${folder.path}`)
  project.provide('bed', {
    url: controlPlane.url,
    caFile: controlPlane.caFile,
    ca: controlPlane.ca,
    folder: folder.path,
    auditLog: controlPlane.auditLog,
    programs,
    tokens: controlPlane.tokens,
    kubeconfigs: controlPlane.kubeconfigs,
  })
  return close
}
