import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runNecoInProcess } from '../../test/programs/run-neco-in-process.ts'
import { plotCommand } from './plot.ts'
import { resultsCommand } from './results.ts'
import { runCommand } from './run.ts'
import { watchCommand } from './watch.ts'

/**
 * A stand-in for trainer and evaluator that stores results under a key, as they do, and handles
 * signals.
 */
const PROGRAM = `
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
const { identity, result, execution, evaluation, evaluations = [] } = JSON.parse(readFileSync(process.argv[3], 'utf8'))
const runKey = createHash('sha256').update(JSON.stringify(result)).digest('hex')
const end = (code, reason, more = {}) => {
  writeFileSync(process.env.NECO_TERMINATION_FILE, JSON.stringify({
    schemaVersion: 1, reason, message: reason, runKey, backend: 'stand-in', reused: false,
    step: 4, metrics: {}, evaluations: [], ...more }))
  process.exit(code)
}
const steepness = result.loss.studentSteepness
if (steepness === 13) end(2, 'DataEmpty')
if (steepness === 14) console.log(JSON.stringify({ level: 40, time: 1, msg: 'Skipped a file', file: 'notes.txt' }))
const figure = 'evaluations/figures/a.png'
const resultsOf = ({ at }) => at.map((at) => ({ key: 'k' + at, at,
  metrics: { inContextMiou: 27 + at * (5 + result.seed % 2) }, figures: [figure] }))
if (evaluation !== undefined) {
  mkdirSync(execution.storage + '/evaluations/figures', { recursive: true })
  copyFileSync(new URL('figure.png', import.meta.url), execution.storage + '/' + figure)
  end(0, 'Succeeded', { evaluations: resultsOf(evaluation) })
}
const folder = execution.storage + '/runs/' + runKey
const found = existsSync(execution.storage + '/' + figure)
  ? evaluations.flatMap((one) => resultsOf(one).map((measured) => ({ name: one.name, ...measured }))) : []
if (existsSync(folder + '/result.json')) {
  end(0, 'Succeeded', { reused: true, metrics: { loss: 3, imagesPerSecond: 26 }, evaluations: found })
}
const attempt = folder + '/attempts/' + identity.attempt + '-' + identity.podUid
mkdirSync(attempt + '/spool', { recursive: true })
for (let step = 1; step <= 4; step++) {
  appendFileSync(attempt + '/spool/00000001.ndjson', JSON.stringify({ schemaVersion: 1, run: identity.run,
    attempt: identity.attempt, podUid: identity.podUid, sequence: step, kind: 'Step', step, totalSteps: 4,
    imagesSeen: step * 8, wallTime: '2026-01-01T00:00:00Z', monotonicMs: step,
    metrics: { loss: 4 - step / 10, imagesPerSecond: 26 } }) + '\\n')
}
const finish = () => {
  writeFileSync(folder + '/result.json', '{}')
  end(0, 'Succeeded', { metrics: { loss: 3, imagesPerSecond: 26 } })
}
if (steepness !== 99 || identity.attempt > 1) finish()
process.on('SIGTERM', () => end(5, 'Interrupted'))
setInterval(() => {}, 1000)
`

const MANIFEST = `
apiVersion: neco.dev/v1alpha1
kind: NeCoSweep
metadata: { name: study }
spec:
  replicates: 2
  parallelism: 2
  axes:
    - { parameter: loss.studentSteepness, values: [10, 100] }
  run:
    data: { kind: Scenes, count: 16 }
    model: { architecture: Tiny }
    optimizer: { steps: 4, batchSize: 8 }
    evaluations:
      - name: scenes
        protocols: [InContext]
        memory: { kind: Scenes, count: 4 }
        validation: { kind: Scenes, count: 4 }
        at: [0, 1]
`

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'neco-run-'))
  await writeFile(join(folder, 'program.mjs'), PROGRAM)
  await writeFile(join(folder, 'study.yaml'), MANIFEST)
  await sharp({ create: { width: 900, height: 80, channels: 3, background: '#fff' } })
    .png()
    .toFile(join(folder, 'figure.png'))
})
afterEach(() => rm(folder, { recursive: true }))

interface TypedCommand {
  readonly argv: readonly string[]
  /** Interrupts once a trainer has reported. */
  readonly interrupts?: boolean
}

function type({ argv, interrupts = false }: TypedCommand) {
  const program = join(folder, 'program.mjs')
  return runNecoInProcess(argv, [runCommand, resultsCommand, plotCommand, watchCommand], {
    cwd: folder,
    programs: { trainer: program, evaluator: program },
    onInterrupt: (listener) => {
      if (interrupts) void interruptOnceTraining(listener)
      return () => undefined
    },
  })
}

async function interruptOnceTraining(listener: (count: number) => void): Promise<void> {
  const runs = join(folder, 'out', 'study', 'storage', 'runs')
  while ((await readdir(runs).catch(() => [])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  listener(1)
}

const fileIn = (name: string) => readFile(join(folder, 'out', 'study', name), 'utf8')

describe('neco run', () => {
  it('runs every point and replicate, and prints one table and the paths of its files', async () => {
    const { code, out, err } = await type({ argv: ['run', 'study.yaml'] })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.split('\n').slice(-15)).toEqual([
      'study: mean ± sample standard deviation over n replicates; in-context and linear are mIoU in percent',
      '',
      'studentSteepness   n   in-context before   in-context after   NeCo loss *   images/s',
      '────────────────────────────────────────────────────────────────────────────────────',
      '10                 2               27.00       32.50 ± 0.71         3.000       26.0',
      '100                2               27.00       32.50 ± 0.71         3.000       26.0',
      '',
      '* not comparable between rows that differ in loss.studentSteepness',
      '',
      'backend: stand-in',
      ...[
        ['results', 'results.json'],
        ['table  ', 'results.csv'],
        ['curves ', 'curves.svg'],
        ['figure ', 'validation.png'],
      ].map(([title, name]) => `${title}  ${join(folder, 'out', 'study', name ?? '')}`),
      '',
    ])
    const { width, height } = await sharp(join(folder, 'out/study/validation.png')).metadata()
    expect([width, height]).toEqual([900, 80 + 22])
    expect((await fileIn('results.csv')).split('\n')).toHaveLength(6)
  })

  it('prints the same again at once from stored results', async () => {
    const first = await type({ argv: ['run', 'study.yaml'] })
    const results = await fileIn('results.json')
    await writeFile(join(folder, 'program.mjs'), 'process.exit(1)')
    const second = await type({ argv: ['run', 'study.yaml'] })
    const closing = (text: string) => text.slice(text.indexOf('\nstudy: mean'))
    expect(closing(second.out)).toBe(closing(first.out))
    expect(await fileIn('results.json')).toBe(results)
  })

  it('reuses results by their keys when the study is created again, with one process per run', async () => {
    await type({ argv: ['run', 'study.yaml'] })
    const results = await fileIn('results.csv')
    const jobs = join(folder, 'out', 'study', '.neco')
    expect(await readdir(join(jobs, 'jobs', 'default'))).toHaveLength(8)
    await rm(jobs, { recursive: true })
    const { code, out } = await type({ argv: ['run', 'study.yaml'] })
    expect(code).toBe(0)
    expect(out).toContain('8 of 8 results were found under their keys\n')
    expect(await fileIn('results.csv')).toBe(results)
    const made = ['study-0-r0-a1', 'study-0-r1-a1', 'study-1-r0-a1', 'study-1-r1-a1']
    expect(await readdir(join(jobs, 'jobs', 'default'))).toEqual(made)
  })

  it('stops at Ctrl-C, prints how to resume, and resumes', async () => {
    const argv = ['run', 'study.yaml', '--set', 'axes[0].values=[99]', '--set', 'replicates=1']
    const stopped = await type({ argv, interrupts: true })
    expect(stopped.code).toBe(130)
    expect(stopped.out).toContain('Ctrl-C again kills them\n')
    expect(stopped.out).toContain('interrupted; resume with: neco run study.yaml --out out/study\n')
    expect(await readdir(join(folder, 'out', 'study', '.neco'))).toEqual(['jobs', 'journal.ndjson'])
    const { code, out } = await type({ argv })
    expect(code).toBe(0)
    expect(out).toContain('resuming where the last run of this command stopped\n')
    expect(out).toContain(
      '99                 1               27.00              32.00         3.000',
    )
  })

  it('exits with 1 when some points failed, naming them, and with 2 when all did by wrong input', async () => {
    const some = await type({ argv: ['run', 'study.yaml', '--set', 'axes[0].values=[10, 13]'] })
    const results = await fileIn('results.json')
    expect(some.code).toBe(1)
    expect(some.out).toContain('13                 0 (2 failed)')
    expect(some.out).toContain('study-1-r0 failed. UserError: DataEmpty\n')
    const all = await type({ argv: ['run', 'study.yaml', '--set', 'axes[0].values=[13]'] })
    expect(all).toMatchObject({ code: 2, err: 'study.yaml: DataEmpty\n' })
    expect(await fileIn('results.json')).toBe(results)
  })

  it('prints each warning of trainers once', async () => {
    const { out } = await type({ argv: ['run', 'study.yaml', '--set', 'axes[0].values=[14]'] })
    expect(out.match(/^warning: .*$/gm)).toEqual(['warning: Skipped a file: notes.txt'])
  })

  it('rejects a folder of another study, a folder in use, and missing files', async () => {
    await type({ argv: ['run', 'study.yaml'] })
    const other = await type({
      argv: ['run', 'study.yaml', '--set', 'metadata.name=other', '--out', 'out/study'],
    })
    expect(other).toMatchObject({
      code: 2,
      err: `${join(folder, 'out', 'study')}: holds NeCoSweep study; give another folder with --out, or --fresh to start over\n`,
    })
    const missing = await type({
      argv: ['run', 'study.yaml', '--set', 'model.weights={path: w.bin}'],
    })
    expect(missing).toMatchObject({
      code: 2,
      err: `--set model.weights={path: w.bin}: spec.run.model.weights.path: there is no file ${join(folder, 'w.bin')}\n`,
    })
  })

  it('leaves a folder that neco results and neco plot can read', async () => {
    await type({ argv: ['run', 'study.yaml'] })
    const csv = await type({ argv: ['results', '--format', 'csv'] })
    expect(csv.out).toBe(await fileIn('results.csv'))
    const svg = await fileIn('curves.svg')
    await rm(join(folder, 'out', 'study', 'curves.svg'))
    expect((await type({ argv: ['plot'] })).out).toBe(
      `${join(folder, 'out', 'study', 'curves.svg')}\n`,
    )
    expect(await fileIn('curves.svg')).toBe(svg)
    expect(svg).toContain('studentSteepness 100')
    expect((await type({ argv: ['results', '--out', 'nowhere'] })).code).toBe(2)
  })
  it('can be watched: neco watch ends with the table when the study ends, or when no process runs it', async () => {
    const argv = ['run', 'study.yaml', '--set', 'axes[0].values=[99]', '--set', 'replicates=1']
    await type({ argv, interrupts: true })
    const idle = await type({ argv: ['watch'] })
    expect(idle.code).toBe(1)
    expect(idle.out).toContain(`no process runs ${join(folder, 'out', 'study')}`)
    await type({ argv })
    const over = await type({ argv: ['watch', '--out', 'out/study'] })
    expect(over.code).toBe(0)
    expect(over.out).toContain('runs 1/1 ended\n\nstudy: mean ± sample standard deviation')
  })
})
