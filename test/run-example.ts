import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../cli/commands/run.ts'
import { dispatch } from '../cli/dispatch.ts'
import type { ResultsDocument } from '../cli/report/results-document.ts'
import type { Shell } from '../cli/shell.ts'

const root = join(import.meta.dirname, '..')

/** The same study on a micro model and a handful of pictures: seconds instead of minutes. */
export const REDUCED = [
  'model={architecture: Tiny, dim: 16, depth: 1, heads: 2, head: {layers: 1, outputDim: 8}}',
  'data.count=16',
  'views.globalSizePx=32',
  'views.localSizePx=16',
  'optimisation.steps=2',
  'evaluations[0].memory.count=4',
  'evaluations[0].validation.count=4',
]

export interface ExampleRun {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly document: ResultsDocument
}

/** Runs an example at a reduced size with the real trainer and evaluator, in a folder that is removed again. */
export async function runExample(name: string, overrides: readonly string[]): Promise<ExampleRun> {
  const folder = await mkdtemp(join(tmpdir(), 'neco-example-'))
  let out = ''
  let err = ''
  const shell: Shell = {
    version: '1.2.3',
    calledAs: 'neco',
    cwd: folder,
    homeFolder: folder,
    environment: {},
    programs: {
      trainer: join(root, 'trainer', 'main.ts'),
      evaluator: join(root, 'evaluator', 'main.ts'),
    },
    write: (text) => {
      out += text
    },
    writeError: (text) => {
      err += text
    },
    isTerminal: false,
    columns: 80,
    now: Date.now,
    random: Math.random,
    pid: process.pid,
    onInterrupt: () => () => undefined,
  }
  const changes = [...REDUCED, ...overrides].flatMap((change) => ['--set', change])
  const words = ['run', join(root, 'examples', name), '--out', folder, ...changes]
  try {
    const code = await dispatch(words, [runCommand], shell)
    const document = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'))
    return { code, out, err, document }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
