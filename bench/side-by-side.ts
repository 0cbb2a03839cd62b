import { join } from 'node:path'
import type { BenchmarkCase } from './benchmark-cases.ts'
import { TimedProcess } from './timed-process.ts'

const ITERATIONS = 7
const REFERENCE_MODES = ['eager', 'compiled'] as const
/** Where diffsort's loss is NaN, it is timed at this steepness. */
const GENTLE_STEEPNESS = 10

export interface ComparisonRow {
  readonly benchmark: string
  readonly backend: 'wasm'
  readonly reference: string
  readonly ours_ms: number
  readonly reference_ms: number
  /** Time of the reference ÷ ours. */
  readonly ratio: number
  readonly ours_peak_bytes: number
  readonly ours_scratch_bytes: number | undefined
  readonly reference_peak_bytes: number
  readonly note: string
}

export interface Comparison {
  readonly rows: readonly ComparisonRow[]
  readonly versions: readonly string[]
}

/** Ours and PyTorch, eager and compiled, interleaved; medians. One thread each. */
export async function compareSideBySide(
  benchmarkCase: BenchmarkCase,
  { python, name }: { python: string; name: string },
): Promise<Comparison> {
  const ours = await startOurs(benchmarkCase)
  const references = []
  for (const mode of REFERENCE_MODES)
    references.push(await startReferenceProcess(python, benchmarkCase, mode))
  const oursMs: number[] = []
  const referenceMs = references.map((): number[] => [])
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    oursMs.push(await ours.run())
    for (const [i, { process }] of references.entries()) referenceMs[i]?.push(await process.run())
  }
  const oursMemory = await ours.close()
  const rows: ComparisonRow[] = []
  for (const [i, { process, note }] of references.entries()) {
    const { peak_bytes } = await process.close()
    const reference_ms = median(referenceMs[i] ?? [])
    rows.push({
      benchmark: name,
      backend: 'wasm',
      reference: `PyTorch ${REFERENCE_MODES[i]}`,
      ours_ms: median(oursMs),
      reference_ms,
      ratio: reference_ms / median(oursMs),
      ours_peak_bytes: oursMemory.peak_bytes,
      ours_scratch_bytes: oursMemory.scratch_bytes,
      reference_peak_bytes: peak_bytes,
      note,
    })
  }
  return { rows, versions: [ours.ready.versions, references[0]?.process.ready.versions ?? ''] }
}

function startOurs(benchmarkCase: BenchmarkCase): Promise<TimedProcess> {
  const program = join(import.meta.dirname, 'ours/main.ts')
  return TimedProcess.start(process.execPath, [program, JSON.stringify(benchmarkCase)])
}

async function startReferenceProcess(
  python: string,
  benchmarkCase: BenchmarkCase,
  mode: (typeof REFERENCE_MODES)[number],
) {
  const program = join(import.meta.dirname, 'pytorch/main.py')
  const start = (variant: BenchmarkCase) =>
    TimedProcess.start(python, [
      program,
      JSON.stringify({ ...variant, mode, ...toReferenceNames(variant) }),
    ])
  const first = await start(benchmarkCase)
  if (first.ready.loss !== null || benchmarkCase.kind === 'step')
    return { process: first, note: '' }
  await first.close()
  return {
    process: await start({ ...benchmarkCase, steepness: GENTLE_STEEPNESS }),
    note: `diffsort’s loss is NaN at β=${benchmarkCase.steepness}: PyTorch is timed at β=${GENTLE_STEEPNESS}`,
  }
}

/** diffsort's names of network and relaxation. */
function toReferenceNames(benchmarkCase: BenchmarkCase): object {
  if (benchmarkCase.kind === 'step') return {}
  const distribution =
    benchmarkCase.relaxation === 'LogisticPhi' ? 'logistic_phi' : benchmarkCase.relaxation
  const network = benchmarkCase.network === 'OddEven' ? 'odd_even' : benchmarkCase.network
  return { distribution: distribution.toLowerCase(), network: network.toLowerCase() }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
