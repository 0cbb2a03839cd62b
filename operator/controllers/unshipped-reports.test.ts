import { describe, expect, test } from 'vitest'
import type { BusState } from '../../contract/bus-state.ts'
import { KubeError } from '../../kube/kube-error.ts'
import {
  createSimulatedPlatform,
  type SimulatedPlatform,
} from '../../test/fakes/simulated-platform.ts'
import {
  buildSimulatedSweep,
  runToCompletion,
  SWEEP_KEY,
} from '../../test/fixtures/simulated-study.ts'
import { NOOP_HINTS } from '../ports/hints.ts'
import { reconcileRun } from './run-controller.ts'

interface ReceivedHints {
  busState: BusState
  isFullyReported: boolean
}

const withReceivedHints = (
  platform: SimulatedPlatform,
  received: ReceivedHints,
): SimulatedPlatform => ({
  ...platform,
  hints: {
    ...NOOP_HINTS,
    busState: () => received.busState,
    isFullyReported: () => received.isFullyReported,
  },
})

const RUN = { ...SWEEP_KEY, name: 'study-0-r0' }
const LATER_MS = 60_000

/** A study that has ended, with these heartbeats of its pods. */
async function runEndedStudy(received: ReceivedHints): Promise<SimulatedPlatform> {
  const platform = withReceivedHints(createSimulatedPlatform(), received)
  await platform.sweeps.create(buildSimulatedSweep())
  await runToCompletion(platform)
  platform.advance(LATER_MS)
  return platform
}

const readUnshippedReports = async (platform: SimulatedPlatform) =>
  (await platform.runs.get(RUN))?.status?.unshippedReports

describe('reports that ended pods left', () => {
  test('are fetched by one reader, once the bus is back', async () => {
    const received: ReceivedHints = { busState: 'Degraded', isFullyReported: false }
    const platform = await runEndedStudy(received)
    await reconcileRun(platform, RUN)
    expect([await readUnshippedReports(platform), platform.readers]).toEqual([{ readers: 0 }, []])
    received.busState = 'Connected'
    await reconcileRun(platform, RUN)
    expect(platform.readers.map(({ name }) => name)).toEqual(['study-0-r0-reader-1'])
    received.isFullyReported = true
    await reconcileRun(platform, RUN)
    await reconcileRun(platform, RUN)
    expect([await readUnshippedReports(platform), platform.readers.length]).toEqual([undefined, 1])
  })

  test('are none where every report has arrived, and nothing is written for it', async () => {
    const platform = await runEndedStudy({ busState: 'Connected', isFullyReported: true })
    const before = await platform.runs.get(RUN)
    await reconcileRun(platform, RUN)
    expect(await platform.runs.get(RUN)).toEqual(before)
    expect([await readUnshippedReports(platform), platform.readers]).toEqual([undefined, []])
  })

  test('leave a run as it ended where no reader can be made', async () => {
    const platform = await runEndedStudy({ busState: 'Connected', isFullyReported: false })
    const before = await platform.runs.get(RUN)
    const createReader = () => Promise.reject(new KubeError('Invalid', 'no ConfigMap'))
    await reconcileRun({ ...platform, jobs: { ...platform.jobs, createReader } }, RUN)
    expect(await readUnshippedReports(platform)).toEqual({ readers: 1 })
    expect((await platform.runs.get(RUN))?.status?.conditions).toEqual(before?.status?.conditions)
  })
})
