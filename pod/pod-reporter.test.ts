import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TRAINING } from '../contract/task-address.ts'
import { buildMicroRunConfig } from '../test/fixtures/micro-run-config.ts'
import { folderStorage } from './folder-storage.ts'
import { openPodReporter } from './pod-reporter.ts'
import type { ReportBody } from './spool.ts'
import { spoolMarkPath, spoolSegmentPath } from './storage-layout.ts'

const folder = 'runs/key/attempts/2-pod-1'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-reporter-'))
})
afterEach(() => rm(root, { recursive: true }))

const step: ReportBody = {
  kind: 'Step',
  step: 1,
  totalSteps: 6,
  imagesSeen: 4,
  metrics: { loss: 3.5 },
}

test('a pod without the credentials that its config names warns once, and keeps its reports on the storage for a reader', async () => {
  const lines: string[] = []
  const credentialsFile = join(root, 'nats.creds')
  const config = buildMicroRunConfig({
    identity: { attempt: 2 },
    execution: {
      bus: {
        servers: ['tls://nats.test:4222'],
        credentialsFile,
        caFile: join(root, 'ca.crt'),
        namespace: 'team',
        runUid: 'uid-1',
        task: TRAINING,
      },
    },
  })
  const reporter = await openPodReporter({
    program: 'trainer',
    config,
    log: pino({ base: null }, { write: (line) => lines.push(line) }),
    host: '127.0.0.1',
    now: () => new Date(0),
    monotonicMs: () => 0,
    terminationPath: undefined,
    onStall: () => undefined,
  })
  const spool = await reporter.openSpool(folderStorage(root), folder)
  reporter.stepped(step)
  await spool.write([step])
  await reporter.close()
  const read = async (path: string) => JSON.parse(await readFile(join(root, path), 'utf8'))
  expect(await read(spoolSegmentPath(folder, 1))).toMatchObject({
    sequence: 1,
    metrics: { loss: 3.5 },
  })
  const { runUid, attempt, acked } = await read(spoolMarkPath(folder))
  expect([runUid, attempt, acked]).toEqual(['uid-1', 2, 0])
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    {
      level: 40,
      file: credentialsFile,
      msg: 'There are no NATS credentials: reports stay on the storage',
    },
  ])
})
