import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CommandReply, Heartbeat, isAllShipped } from '../../contract/bus-messages.ts'
import type { RunReport } from '../../contract/run-report.ts'
import { TRAINING } from '../../contract/task-address.ts'
import { createFakeBusLink } from '../../test/fakes/fake-bus-link.ts'
import { openCheckpointRequests } from '../checkpoint-request.ts'
import { folderStorage } from '../folder-storage.ts'
import { openSpool, type ReportBody } from '../spool.ts'
import { openPodBus } from './pod-bus.ts'

const folder = 'runs/key/attempts/1-pod'
const ctl = 'neco.default.run-1.training.1.ctl'
const key = '$KV.NECO_PROGRESS.default.run-1.training.1'
const identity = { run: 'study-0-r0', attempt: 1, podUid: 'pod' }
const now = () => new Date(0)
const never = new AbortController().signal
const ask = (command: string) => JSON.stringify({ schemaVersion: 1, command })
const step = (number: number): ReportBody => ({
  kind: 'Step',
  step: number,
  totalSteps: 9,
  imagesSeen: 4 * number,
  metrics: { loss: 3.5, imagesPerSecond: 20 },
})

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'neco-pod-bus-'))
})
afterEach(() => rm(root, { recursive: true }))

function open({ makesCheckpoints = true } = {}) {
  const link = createFakeBusLink()
  const checkpoints = openCheckpointRequests(now)
  const bus = openPodBus({
    identity,
    settings: { namespace: 'default', runUid: 'run-1', task: TRAINING },
    link,
    checkpoints,
    makesCheckpoints,
    now,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    log: { warn: () => undefined },
  })
  const storage = folderStorage(root)
  const spool = async () => {
    await bus.startShipping(storage, folder)
    const written = (reports: readonly RunReport[]) => bus.reported(reports)
    const attempt = folder
    return openSpool({ storage, attempt, identity, now, monotonicMs: () => 0, onWritten: written })
  }
  const heartbeats = () =>
    link.stored.flatMap(({ subject, data }) =>
      subject === key ? Heartbeat.parse(JSON.parse(data)) : [],
    )
  const reply = async (text: string) =>
    CommandReply.parse(JSON.parse(await link.request(ctl, text)))
  return { link, checkpoints, bus, spool, beats: heartbeats, reply }
}

describe('a pod on the bus', () => {
  test('says how far it is, and at its end that all has arrived', async () => {
    const { bus, checkpoints, spool, beats: heartbeats } = open()
    await (await spool()).write([step(1), step(2)])
    bus.stepped(step(3))
    checkpoints.saved({ step: 3, folder: 'there', digest: 'd' })
    await bus.sendHeartbeat()
    expect(heartbeats().at(-1)).toMatchObject({
      runKey: 'key',
      step: 3,
      totalSteps: 9,
      imagesSeen: 12,
      imagesPerSecond: 20,
      loss: 3.5,
      checkpoint: { step: 3, folder: 'there', digest: 'd', wallTime: '1970-01-01T00:00:00.000Z' },
      hasEnded: false,
    })
    expect(isAllShipped(heartbeats().at(-1))).toBe(false)
    await bus.close(never)
    expect(isAllShipped(heartbeats().at(-1))).toBe(true)
  })

  test('says nothing false where its reports did not arrive in time', async () => {
    const { bus, spool, beats: heartbeats, link } = open()
    link.failWhen(() => true)
    await (await spool()).write([step(1)])
    await bus.close(AbortSignal.abort())
    expect(heartbeats().filter(({ hasEnded }) => hasEnded)).toEqual([])
    expect(bus.unshipped()).toBe(1)
  })

  test('answers a command with the checkpoint that it brings about', async () => {
    const { checkpoints, reply } = open()
    const answer = reply(ask('checkpoint'))
    expect(checkpoints.isRequested()).toBe(true)
    checkpoints.saved({ step: 3, folder: 'there', digest: 'd' })
    expect(await answer).toMatchObject({ state: 'Done', checkpoint: { step: 3, digest: 'd' } })
    expect(checkpoints.isRequested()).toBe(false)
  })

  test('answers with the last checkpoint where none comes after', async () => {
    const { checkpoints, reply } = open()
    checkpoints.saved({ step: 3, folder: 'there', digest: 'd' })
    const answer = reply(ask('checkpoint'))
    checkpoints.end()
    expect(await answer).toMatchObject({ state: 'Done', checkpoint: { step: 3 } })
    expect(await reply(ask('checkpoint'))).toMatchObject({ state: 'Done', checkpoint: { step: 3 } })
  })

  test('refuses what it cannot do', async () => {
    const { reply, checkpoints } = open()
    expect(await reply('{')).toMatchObject({ state: 'Refused', code: 'Unreadable' })
    expect(await reply(ask('dance'))).toMatchObject({ state: 'Refused', code: 'Unreadable' })
    checkpoints.end()
    expect(await reply(ask('checkpoint'))).toMatchObject({ state: 'Refused', code: 'NoCheckpoint' })
  })

  test('refuses where its program makes no checkpoints', async () => {
    const { reply } = open({ makesCheckpoints: false })
    expect(await reply(ask('checkpoint'))).toMatchObject({ code: 'NoCheckpoints' })
  })
})
