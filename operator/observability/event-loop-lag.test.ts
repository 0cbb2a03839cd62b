import { expect, test } from 'vitest'
import { startEventLoopLagMonitor } from './event-loop-lag.ts'

test('the lag of the event loop is a number from the first moment on, before anything was measured', () => {
  const meter = startEventLoopLagMonitor()
  try {
    for (let i = 0; i < 2; i++) {
      const { p50, p99, max } = meter.sample()
      for (const seconds of [p50, p99, max]) {
        expect(Number.isFinite(seconds)).toBe(true)
        expect(seconds).toBeGreaterThanOrEqual(0)
      }
    }
  } finally {
    meter.close()
  }
})
