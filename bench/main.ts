import { cpus } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { memoryRow } from './memory.ts'
import { operatorRows } from './operator.ts'
import { findPeerPython, INSTALL_NOTE, installPeers } from './peer-python.ts'
import { planningRow } from './planning.ts'
import { compareSideBySide, type Row } from './side-by-side.ts'
import { lossWorks, nameOf, stepWorks, type Work } from './works.ts'

const USAGE = `npm run bench -- loss|step|plan|memory|operator [--json] [--yes]

  loss      the NeCo loss, forward and backward, and its sorts alone, against PyTorch with diffsort
  step      a training step of a small ViT against PyTorch
  plan      state changes a second of the operator's core
  memory    what 500 steps of a micro model leave behind
  operator  the operator on a real control plane, 300 points with pods that end by a script
  --json prints one object a row    --yes installs the peers without asking

Example: npm run bench -- loss --json`

/** What has no peer. */
const ALONE = new Map<string, () => object | Promise<object>>([
  ['plan', planningRow],
  ['memory', memoryRow],
  ['operator', operatorRows],
])

async function main(words: readonly string[]): Promise<number> {
  const [what] = words.filter((word) => !word.startsWith('--'))
  const asJson = words.includes('--json')
  const alone = ALONE.get(what ?? '')
  if (alone !== undefined) {
    print([await alone()].flat(), asJson)
    return 0
  }
  if (what !== 'loss' && what !== 'step') {
    console.error(USAGE)
    return 2
  }
  const python = findPeerPython() ?? (await installWhenWanted(words.includes('--yes')))
  if (python === undefined) return 2
  if (!asJson) console.log(`${cpus()[0]?.model ?? 'unknown CPU'}, one thread each`)
  await compareAll(what === 'loss' ? lossWorks : stepWorks, { python, asJson })
  return 0
}

async function compareAll(
  works: readonly Work[],
  { python, asJson }: { python: string; asJson: boolean },
): Promise<void> {
  let shown = false
  for (const work of works) {
    const { rows, versions } = await compareSideBySide(work, { python, name: nameOf(work) })
    if (!asJson && !shown) console.log(versions.join('\n'))
    shown = true
    print(rows, asJson)
  }
}

async function installWhenWanted(yes: boolean): Promise<string | undefined> {
  console.error(
    `No Python with torch and diffsort is here. The bench would install ${INSTALL_NOTE}.`,
  )
  if (yes) return installPeers()
  if (!process.stdin.isTTY) {
    console.error('Run it again with --yes to do so.')
    return undefined
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await prompt.question('Install? [y/N] ')
  prompt.close()
  return /^y/i.test(answer) ? installPeers() : undefined
}

function print(rows: readonly (Row | object)[], asJson: boolean): void {
  for (const row of rows) console.log(asJson ? JSON.stringify(row) : lineOf(row))
}

function lineOf(row: object): string {
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
