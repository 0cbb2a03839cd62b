import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { RunResult } from '../contract/run-result.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { runTrainerProcess } from '../test/programs/run-trainer-process.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-kill-'))
})
afterAll(() => rm(root, { recursive: true }))

const configAt = (name: string, attempt: number) =>
  buildMicroRunConfig({
    identity: { run: 'micro', attempt, podUid: `${name}-${attempt}` },
    result: { optimizer: { steps: 60 } },
    execution: { storage: join(root, name), checkpoint: { everySteps: 1, keep: 2 } },
  })

async function finalDigests(name: string, runKey: string): Promise<unknown> {
  const text = await readFile(join(root, name, 'runs', runKey, 'result.json'), 'utf8')
  return RunResult.parse(JSON.parse(text)).final.shards
}

test('A trainer that is killed at 20 random times ends with the same bits.', {
  timeout: 300_000,
}, async () => {
  const whole = await runTrainerProcess({ config: configAt('whole', 1), folder: root })
  const runKey = whole.terminationMessage?.runKey ?? ''
  for (let attempt = 1; attempt <= 20; attempt++) {
    const killed = await runTrainerProcess({
      config: configAt('killed', attempt),
      folder: root,
      onLine: async ({ msg }, child) => {
        if (msg !== 'Step') return
        // Real time is the point here: a kill may come at any instruction.
        await setTimeout(Math.random() * 100)
        child.kill('SIGKILL')
      },
    })
    if (killed.terminationMessage !== undefined) break
  }
  await runTrainerProcess({ config: configAt('killed', 21), folder: root })
  expect(await finalDigests('killed', runKey)).toEqual(await finalDigests('whole', runKey))
})
