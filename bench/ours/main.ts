import { createInterface } from 'node:readline'
import { startBackend } from '../../vision/backends/start-backend.ts'
import { softSortLayout, softSortScratch } from '../../vision/backends/wasm/soft-sort-layout.ts'
import type { BenchmarkCase } from '../benchmark-cases.ts'
import { createLossStep } from './loss-step.ts'
import { createTrainingStep } from './training-step.ts'

/*
 * One benchmark case on the wasm backend, timed on request: the counterpart of pytorch/main.py,
 * with the same lines on stdin and stdout. One thread.
 */

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024
}

function writeMessage(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

function computeScratchBytes(benchmarkCase: BenchmarkCase): number | undefined {
  if (benchmarkCase.kind === 'step') return undefined
  const layout = softSortLayout(benchmarkCase.network, benchmarkCase.references)
  return softSortScratch(layout).scratchBytes
}

const benchmarkCase = JSON.parse(process.argv[2] ?? '') as BenchmarkCase
const afterImports = peakBytes()
const backend = await startBackend({ backend: 'wasm', threads: 1 })
const step =
  benchmarkCase.kind === 'loss' ? createLossStep(benchmarkCase) : createTrainingStep(benchmarkCase)
const loss = step()
step()
writeMessage({ loss, versions: `Node ${process.versions.node}, ${backend.identity}` })
for await (const _ of createInterface({ input: process.stdin })) {
  const start = performance.now()
  step()
  writeMessage({ ms: performance.now() - start })
}
writeMessage({
  peak_bytes: peakBytes() - afterImports,
  scratch_bytes: computeScratchBytes(benchmarkCase),
})
await backend.close()
