import { createInterface } from 'node:readline'
import { startBackend } from '../../vision/backends/start-backend.ts'
import { softSortLayout, softSortScratch } from '../../vision/backends/wasm/soft-sort-layout.ts'
import type { Work } from '../works.ts'
import { lossStep } from './loss-step.ts'
import { trainingStep } from './training-step.ts'

/*
 * One piece of work on the wasm backend, timed on request: the counterpart of peer/work.py, with
 * the same lines on stdin and stdout. One thread.
 */

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function scratchOf(work: Work): number | undefined {
  if (work.work === 'step') return undefined
  const layout = softSortLayout(work.network, work.references)
  return softSortScratch(layout, { teacherGradient: false }).scratchBytes
}

const work = JSON.parse(process.argv[2] ?? '') as Work
const afterImports = peakBytes()
const backend = await startBackend({ backend: 'wasm', threads: 1 })
const step = work.work === 'loss' ? lossStep(work) : trainingStep(work)
const loss = step()
step()
say({ loss, versions: `Node ${process.versions.node}, ${backend.identity}` })
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  step()
  say({ ms: performance.now() - start })
}
say({ peak_bytes: peakBytes() - afterImports, scratch_bytes: scratchOf(work) })
await backend.close()
