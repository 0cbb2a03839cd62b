import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RunConfig } from '../contract/run-config.ts'
import { TerminationMessage } from '../contract/run-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { readSpool } from '../pod/spool.ts'
import { buildEvaluationConfig } from '../test/fixtures/evaluator-fixture.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-evaluator-main-'))
})
afterEach(() => rm(root, { recursive: true }))

interface EvaluatorExit {
  readonly code: number | null
  readonly stdout: string
  readonly terminationMessage: TerminationMessage
}

/** Runs the evaluator as a pod does; `onLine` sees its log and may end it. */
async function runEvaluator(
  config: RunConfig | undefined,
  onLine: (line: string, child: ReturnType<typeof spawn>) => void = () => undefined,
): Promise<EvaluatorExit> {
  const configPath = join(root, 'run-config.json')
  const terminationPath = join(root, 'last-words.json')
  if (config !== undefined) await writeFile(configPath, JSON.stringify(config))
  const main = join(import.meta.dirname, 'main.ts')
  const env = {
    ...process.env,
    NECO_TERMINATION_FILE: terminationPath,
    NECO_PARENT_WATCH: 'stdin',
  }
  const child = spawn(process.execPath, [main, '--config', configPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env,
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    onLine(text, child)
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const parsedMessage = JSON.parse(await readFile(terminationPath, 'utf8'))
  return { code, stdout, terminationMessage: TerminationMessage.parse(parsedMessage) }
}

describe('the evaluator program', () => {
  test('evaluates, reports to its spool, leaves its termination message, and finds all of it again', async () => {
    const config = buildEvaluationConfig(root, { at: [0] })
    const first = await runEvaluator(config)
    expect([first.code, first.terminationMessage.reason, first.terminationMessage.reused]).toEqual([
      0,
      'Succeeded',
      false,
    ])
    expect(
      first.stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).msg),
    ).toContain('evaluated')
    const attempt = `runs/${first.terminationMessage.runKey}/attempts/1-pod-1`
    const reports = await readSpool(folderStorage(root), attempt)
    expect(reports.map(({ kind, metrics }) => ({ kind, metrics }))).toEqual([
      { kind: 'Evaluation', metrics: first.terminationMessage.evaluations[0]?.metrics },
    ])
    const again = await runEvaluator(config)
    expect([again.code, again.terminationMessage.reused]).toEqual([0, true])
    expect(again.terminationMessage.evaluations).toEqual(first.terminationMessage.evaluations)
  })

  test('ends with code 2 when its run-config is missing, and says so in its termination message', async () => {
    const { code, terminationMessage } = await runEvaluator(undefined)
    expect([code, terminationMessage.reason]).toEqual([2, 'RunConfigInvalid'])
    expect(terminationMessage.message).toContain('run-config.json')
  })

  test('ends with code 4 when the training it should measure is not there', async () => {
    const { code, terminationMessage } = await runEvaluator(
      buildEvaluationConfig(root, { at: [1] }),
    )
    expect([code, terminationMessage.reason]).toEqual([4, 'CheckpointMissing'])
  })

  test.each([
    ['on SIGTERM', (child: ReturnType<typeof spawn>) => child.kill('SIGTERM')],
    ['when the process that started it is gone', (child) => child.stdin?.end()],
  ])('stops with code 5 %s, and leaves no claim behind', async (_, stop) => {
    const long = buildEvaluationConfig(root, {
      at: [0],
      memory: { kind: 'Scenes', firstSeed: 0, count: 4000 },
    })
    const { code, terminationMessage } = await runEvaluator(long, (text, child) => {
      if (text.includes('"Evaluating"')) stop(child)
    })
    expect([code, terminationMessage.reason]).toEqual([5, 'Interrupted'])
    const [key = ''] = await readdir(join(root, 'evaluations'))
    expect(await readdir(join(root, 'evaluations', key))).toEqual([])
  })
})
