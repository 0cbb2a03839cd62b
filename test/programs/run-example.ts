import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand } from '../../cli/commands/run.ts'
import type { ResultsDocument } from '../../cli/report/results-document.ts'
import { type CliResult, runNecoInProcess } from './run-neco-in-process.ts'

const root = join(import.meta.dirname, '../..')

/** The same study on a micro model and a few images: seconds instead of minutes. */
export const REDUCED_SETTINGS = [
  'model={architecture: Tiny, dim: 16, depth: 1, heads: 2, head: {layers: 1, outputDim: 8}}',
  'data.count=16',
  'views.globalSizePx=32',
  'views.localSizePx=16',
  'optimizer.steps=2',
  'evaluations[0].memory.count=4',
  'evaluations[0].validation.count=4',
]

export interface ExampleRun extends CliResult {
  readonly document: ResultsDocument
}

/**
 * Runs an example at a reduced size with the real trainer and evaluator, in a folder that is
 * removed again.
 */
export async function runExample(name: string, overrides: readonly string[]): Promise<ExampleRun> {
  const folder = await mkdtemp(join(tmpdir(), 'neco-example-'))
  const changes = [...REDUCED_SETTINGS, ...overrides].flatMap((change) => ['--set', change])
  const args = ['run', join(root, 'examples', name), '--out', folder, ...changes]
  try {
    const result = await runNecoInProcess(args, [runCommand], {
      cwd: folder,
      programs: {
        trainer: join(root, 'trainer', 'main.ts'),
        evaluator: join(root, 'evaluator', 'main.ts'),
      },
      now: Date.now,
      random: Math.random,
    })
    const document = JSON.parse(await readFile(join(folder, 'results.json'), 'utf8'))
    return { ...result, document }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
