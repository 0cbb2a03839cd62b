import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../../operator/ports/clock.ts'
import { delayOn } from './delay.ts'
import { type FakeGround, inPhase, isGone, NODE, openFakeGround, spec } from './fake-ground.ts'
import { systemClock } from './system-clock.ts'

let ground: FakeGround
beforeEach(async () => {
  ground = await openFakeGround()
})
afterEach(() => ground.close())

describe('a node that has lost its network', () => {
  it('says nothing of its pods, and says it when it is back', async () => {
    ground.setScript({ pod: { exitCode: 0, onStop: { exitCode: 5 } } })
    const { stopHeartbeat, startHeartbeat } = await ground.start()
    ground.api.createPod('pod', spec)
    await ground.api.until('pod', inPhase('Running'))
    stopHeartbeat(NODE)
    ground.api.deletePod('pod', 30)
    ground.api.createPod('meanwhile', spec)
    const said = ground.api.patches('pod').length
    await startHeartbeat(NODE)
    await ground.api.until('pod', isGone)
    await ground.api.until('meanwhile', inPhase('Succeeded'))
    expect(ground.api.patches('pod').length).toBe(said + 1)
  })
})

const HELD_MS = 123_456

/** A timer that fires when the test says so. */
function hold(timers: (() => void)[], call: () => void): () => void {
  timers.push(call)
  return () => undefined
}

describe('pods while the API server is away', () => {
  it('run on, and how they ended is said when it is back', async () => {
    const timers: (() => void)[] = []
    const held: Clock = {
      ...systemClock,
      after: (ms, call) => (ms === HELD_MS ? hold(timers, call) : systemClock.after(ms, call)),
    }
    ground.setScript({ stays: { exitCode: 0 }, ends: { afterMs: HELD_MS, exitCode: 3 } })
    const { pods } = await ground.start(held)
    ground.api.createPod('stays', spec)
    ground.api.createPod('ends', spec)
    await ground.api.until('stays', inPhase('Running'))
    await ground.api.until('ends', inPhase('Running'))
    ground.api.setAway(true)
    for (const end of timers) end()
    while (pods().some(({ name, phase }) => name === 'ends' && phase === 'Running')) {
      await delayOn(systemClock)(1)
    }
    expect(ground.api.pod('ends')?.status?.phase).toBe('Running')
    ground.api.setAway(false)
    await ground.api.until('ends', inPhase('Failed'))
    expect(ground.api.pod('stays')?.status?.phase).toBe('Running')
  })
})
