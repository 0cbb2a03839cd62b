import { cpus } from 'node:os'
import { createInterface } from 'node:readline/promises'
import {
  type BenchmarkCase,
  formatCaseName,
  lossCases,
  trainingStepCases,
} from './benchmark-cases.ts'
import { measureMemory } from './memory.ts'
import { measureOperator } from './operator.ts'
import { measurePlanning } from './planning.ts'
import { findReferencePython, INSTALL_NOTE, installReferencePackages } from './reference-python.ts'
import { type ComparisonRow, compareSideBySide } from './side-by-side.ts'

const USAGE = `npm run bench -- loss|step|plan|memory|operator [--json] [--yes]

  loss      the NeCo loss, forward and backward, and its sorts alone, against PyTorch with diffsort
  step      a training step of a small ViT against PyTorch
  plan      state changes per second of the operator's core
  memory    memory growth over 500 steps of a micro model
  operator  the operator on a real control plane, 300 points with pods that end by a script
  --json prints one object per row  --yes installs PyTorch and diffsort without asking

Example: npm run bench -- loss --json`

/** Benchmarks without a counterpart in PyTorch. */
const STANDALONE_BENCHMARKS = new Map<string, () => object | Promise<object>>([
  ['plan', measurePlanning],
  ['memory', measureMemory],
  ['operator', measureOperator],
])

async function main(argv: readonly string[]): Promise<number> {
  const [benchmark] = argv.filter((arg) => !arg.startsWith('--'))
  const asJson = argv.includes('--json')
  const runStandalone = STANDALONE_BENCHMARKS.get(benchmark ?? '')
  if (runStandalone !== undefined) {
    print([await runStandalone()].flat(), asJson)
    return 0
  }
  if (benchmark !== 'loss' && benchmark !== 'step') {
    console.error(USAGE)
    return 2
  }
  const python = findReferencePython() ?? (await installWhenWanted(argv.includes('--yes')))
  if (python === undefined) return 2
  if (!asJson) console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, one thread each`)
  await compareAll(benchmark === 'loss' ? lossCases : trainingStepCases, { python, asJson })
  return 0
}

async function compareAll(
  cases: readonly BenchmarkCase[],
  { python, asJson }: { python: string; asJson: boolean },
): Promise<void> {
  let shown = false
  for (const benchmarkCase of cases) {
    const { rows, versions } = await compareSideBySide(benchmarkCase, {
      python,
      name: formatCaseName(benchmarkCase),
    })
    if (!asJson && !shown) console.log(versions.join('\n'))
    shown = true
    print(rows, asJson)
  }
}

async function installWhenWanted(yes: boolean): Promise<string | undefined> {
  console.error(
    `No Python with torch and diffsort is here. The bench would install ${INSTALL_NOTE}.`,
  )
  if (yes) return installReferencePackages()
  if (!process.stdin.isTTY) {
    console.error('Run it again with --yes to do so.')
    return undefined
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await prompt.question('Install? [y/N] ')
  prompt.close()
  return /^y/i.test(answer) ? installReferencePackages() : undefined
}

function print(rows: readonly (ComparisonRow | object)[], asJson: boolean): void {
  for (const row of rows) console.log(asJson ? JSON.stringify(row) : formatBenchmarkRow(row))
}

function formatBenchmarkRow(row: object): string {
  return Object.entries(row)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([key, value]) => `${key} ${shown(key, value)}`)
    .join('  ')
}

function shown(key: string, value: unknown): string {
  if (typeof value !== 'number') return String(value)
  if (key.endsWith('_bytes')) return `${(value / 2 ** 20).toFixed(1)} MiB`
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3)
}

process.exitCode = await main(process.argv.slice(2))
