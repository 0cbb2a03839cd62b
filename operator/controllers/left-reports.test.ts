import { describe, expect, test } from 'vitest'
import type { BusState } from '../../contract/progress.ts'
import { type SimulatedHome, simulatedHome } from '../../test/simulated-home.ts'
import { aStudy, drain, KEY } from '../../test/simulated-study.ts'
import { NO_HINTS } from '../ports/hints.ts'
import { PortError } from '../ports/port-error.ts'
import { reconcileRun } from './run-controller.ts'

interface Heard {
  busState: BusState
  hasArrived: boolean
}

const hearing = (home: SimulatedHome, heard: Heard): SimulatedHome => ({
  ...home,
  hints: { ...NO_HINTS, busState: () => heard.busState, hasArrived: () => heard.hasArrived },
})

const RUN = { ...KEY, name: 'study-0-r0' }
const LATER_MS = 60_000

/** A study that has ended, of whose pods this was heard. */
async function ended(heard: Heard): Promise<SimulatedHome> {
  const home = hearing(simulatedHome(), heard)
  await home.sweeps.create(aStudy())
  await drain(home)
  home.advance(LATER_MS)
  return home
}

const leftOf = async (home: SimulatedHome) => (await home.runs.get(RUN))?.status?.leftReports

describe('reports that ended pods left', () => {
  test('are fetched by one reader, once the bus is back', async () => {
    const heard: Heard = { busState: 'Degraded', hasArrived: false }
    const home = await ended(heard)
    await reconcileRun(home, RUN)
    expect([await leftOf(home), home.readers]).toEqual([{ readers: 0 }, []])
    heard.busState = 'Connected'
    await reconcileRun(home, RUN)
    expect(home.readers.map(({ name }) => name)).toEqual(['study-0-r0-reader-1'])
    heard.hasArrived = true
    await reconcileRun(home, RUN)
    await reconcileRun(home, RUN)
    expect([await leftOf(home), home.readers.length]).toEqual([undefined, 1])
  })

  test('are none where all was heard, and nothing is written for it', async () => {
    const home = await ended({ busState: 'Connected', hasArrived: true })
    const before = await home.runs.get(RUN)
    await reconcileRun(home, RUN)
    expect(await home.runs.get(RUN)).toEqual(before)
    expect([await leftOf(home), home.readers]).toEqual([undefined, []])
  })

  test('leave a run as it ended where no reader can be made', async () => {
    const home = await ended({ busState: 'Connected', hasArrived: false })
    const before = await home.runs.get(RUN)
    const createReader = () => Promise.reject(new PortError('Invalid', 'no ConfigMap'))
    await reconcileRun({ ...home, jobs: { ...home.jobs, createReader } }, RUN)
    expect(await leftOf(home)).toEqual({ readers: 1 })
    expect((await home.runs.get(RUN))?.status?.conditions).toEqual(before?.status?.conditions)
  })
})
