import { describeBusPort } from '../../operator/ports/contract/bus-contract.ts'
import { openBusBed } from './bus-bed.ts'

describeBusPort('NATS', async () => {
  const bed = await openBusBed()
  return {
    bus: bed.bus,
    pod: bed.pod,
    goAway: () => bed.nats.stop('Killed'),
    comeBack: () => bed.nats.start(),
    close: bed.close,
  }
})
