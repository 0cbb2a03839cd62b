import type { Platform } from '../controllers/platform.ts'
import {
  type Controllers,
  type ReconcileFailure,
  startControllers,
} from '../controllers/start-controllers.ts'
import type { Log } from '../observability/log.ts'
import { loggedPorts } from '../observability/logged-ports.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import { BusError } from '../ports/bus.ts'
import { isPortError, PortError } from '../ports/port-error.ts'
import type { OperatorWorld } from './operator-world.ts'

/** Objects that change or go meanwhile and servers that are away are everyday; what no port names is a fault of ours. */
function logFailure(log: Log, { kind, key, error }: ReconcileFailure): void {
  const round = log.child({ kind, object: key })
  if (isPortError(error, 'Conflict')) round.info({ error }, 'round met a newer object; tried again')
  else if (isPortError(error, 'NotFound')) round.info({ error }, 'object went; tried again')
  else if (error instanceof PortError || error instanceof BusError)
    round.warn({ error }, 'round failed; tried again')
  else round.error({ error }, 'round failed unexpectedly; tried again')
}

/** Starts the controllers of both kinds on a home, counted and logged. */
export function control(
  { config, log, monotonicClock }: Pick<OperatorWorld, 'config' | 'log' | 'monotonicClock'>,
  metrics: OperatorMetrics,
  ports: Platform,
): Controllers {
  const observed = (kind: ReconcileFailure['kind']) =>
    metrics.controllers(kind.toLowerCase(), () => monotonicClock.nowMs())
  return startControllers(loggedPorts(ports, log), (failure) => logFailure(log, failure), {
    concurrency: config.concurrency,
    observers: { NeCoRun: observed('NeCoRun'), NeCoSweep: observed('NeCoSweep') },
  })
}
