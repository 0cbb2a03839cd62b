import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../std/clock.ts'
import { createDelay } from './delay.ts'
import {
  type FakeKubeletFixture,
  inPhase,
  isGone,
  NODE,
  openFakeKubeletFixture,
  spec,
} from './fake-kubelet-fixture.ts'
import { systemClock } from './system-clock.ts'

let fixture: FakeKubeletFixture
beforeEach(async () => {
  fixture = await openFakeKubeletFixture()
})
afterEach(() => fixture.close())

describe('a node that has lost its network', () => {
  it('reports the status of its pods only when it is back', async () => {
    fixture.setScript({ pod: { exitCode: 0, onStop: { exitCode: 5 } } })
    const { stopHeartbeat, startHeartbeat } = await fixture.start()
    fixture.api.createPod('pod', spec)
    await fixture.api.until('pod', inPhase('Running'))
    stopHeartbeat(NODE)
    fixture.api.deletePod('pod', 30)
    fixture.api.createPod('meanwhile', spec)
    const logLines = fixture.api.patches('pod').length
    await startHeartbeat(NODE)
    await fixture.api.until('pod', isGone)
    await fixture.api.until('meanwhile', inPhase('Succeeded'))
    expect(fixture.api.patches('pod').length).toBe(logLines + 1)
  })
})

const HELD_MS = 123_456

/** A timer that the test fires. */
function hold(timers: (() => void)[], call: () => void): () => void {
  timers.push(call)
  return () => undefined
}

describe('pods during an outage of the API server', () => {
  it('continue to run, and their end is reported afterwards', async () => {
    const timers: (() => void)[] = []
    const held: Clock = {
      ...systemClock,
      after: (ms, call) => (ms === HELD_MS ? hold(timers, call) : systemClock.after(ms, call)),
    }
    fixture.setScript({ stays: { exitCode: 0 }, ends: { afterMs: HELD_MS, exitCode: 3 } })
    const { pods } = await fixture.start(held)
    fixture.api.createPod('stays', spec)
    fixture.api.createPod('ends', spec)
    await fixture.api.until('stays', inPhase('Running'))
    await fixture.api.until('ends', inPhase('Running'))
    fixture.api.setAway(true)
    for (const end of timers) end()
    while (pods().some(({ name, phase }) => name === 'ends' && phase === 'Running')) {
      await createDelay(systemClock)(1)
    }
    expect(fixture.api.pod('ends')?.status?.phase).toBe('Running')
    fixture.api.setAway(false)
    await fixture.api.until('ends', inPhase('Failed'))
    expect(fixture.api.pod('stays')?.status?.phase).toBe('Running')
  })
})
