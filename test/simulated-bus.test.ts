import { describeBusPort } from '../operator/ports/contract/bus-contract.ts'
import { simulatedBus } from './simulated-bus.ts'

describeBusPort('simulated', async () => {
  const bus = simulatedBus(() => 0)
  return {
    bus,
    pod: async (address) => ({
      report: async (report) => bus.report(address, report),
      beat: async (heartbeat) => bus.beat(address, heartbeat),
      serve: async (answer) => bus.serve(address, answer),
    }),
    goAway: async () => bus.setAway(true),
    comeBack: async () => bus.setAway(false),
    close: () => bus.close(),
  }
})
