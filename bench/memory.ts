import { setImmediate } from 'node:timers/promises'
import { startBackend } from '../vision/backends/start-backend.ts'
import { formatCaseName, type TrainingStepCase } from './benchmark-cases.ts'
import { createTrainingStep } from './ours/training-step.ts'

/** The garbage collector has settled on a heap size by then. */
const WARM_UP_STEPS = 3000
const STEPS = 500
const SAMPLE_EVERY_STEPS = 10

const micro: TrainingStepCase = {
  ...{ kind: 'step', batch: 4, grid: 4, patch: 8 },
  ...{ dim: 16, depth: 1, heads: 2 },
}

export interface MemoryRow {
  readonly benchmark: string
  readonly steps: number
  /** Growth of the tensors and of the WebAssembly memory over all steps: 0 when nothing leaks. */
  readonly tensor_growth_bytes: number
  readonly wasm_growth_bytes: number
  readonly rss_first_bytes: number
  readonly rss_last_bytes: number
  /**
   * Slope of a straight line through the resident memory, which the garbage collector makes noisy.
   */
  readonly rss_slope_bytes_per_step: number
}

/** Trains a micro model and measures its memory after warm-up. */
export async function measureMemory(): Promise<MemoryRow> {
  const backend = await startBackend({ backend: 'wasm', threads: 1 })
  const step = createTrainingStep(micro)
  for (let index = 0; index < WARM_UP_STEPS; index++) await stepAndYield(step)
  const before = backend.memory()
  const rss: number[] = []
  for (let index = 0; index < STEPS; index++) {
    if (index % SAMPLE_EVERY_STEPS === 0) rss.push(process.memoryUsage.rss())
    await stepAndYield(step)
  }
  rss.push(process.memoryUsage.rss())
  const after = backend.memory()
  await backend.close()
  return {
    benchmark: `memory over ${STEPS} steps of ${formatCaseName(micro)}`,
    steps: STEPS,
    tensor_growth_bytes: after.bytes - before.bytes,
    wasm_growth_bytes: after.wasmBytes - before.wasmBytes,
    rss_first_bytes: rss[0] ?? Number.NaN,
    rss_last_bytes: rss.at(-1) ?? Number.NaN,
    rss_slope_bytes_per_step: slope(rss) / SAMPLE_EVERY_STEPS,
  }
}

/** As in training, where the event loop turns between steps. */
async function stepAndYield(step: () => number): Promise<void> {
  step()
  await setImmediate()
}

/** Slope of the least-squares line through values at 0, 1, 2, … */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const [over, under] = values.reduce(
    ([top, bottom], value, at) => [
      top + (at - middle) * (value - mean),
      bottom + (at - middle) ** 2,
    ],
    [0, 0],
  )
  return over / under
}
