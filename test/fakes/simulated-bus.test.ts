import { describeBusContract } from '../contract/bus-contract.ts'
import { simulatedBus } from './simulated-bus.ts'

describeBusContract('simulated', async () => {
  const bus = simulatedBus(() => 0)
  return {
    bus,
    pod: async (address) => ({
      sendHeartbeat: async (heartbeat) => bus.publishHeartbeat(address, heartbeat),
      serve: async (answer) => bus.serve(address, answer),
    }),
    disconnect: async () => bus.setAway(true),
    reconnect: async () => bus.setAway(false),
    close: () => bus.close(),
  }
})
