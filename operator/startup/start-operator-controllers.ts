import { isKubeError, KubeError } from '../../kube/kube-error.ts'
import type { Platform } from '../controllers/platform.ts'
import {
  type Controllers,
  type ReconcileFailure,
  startControllers,
} from '../controllers/start-controllers.ts'
import type { Log } from '../observability/log.ts'
import { withLoggedPlatform } from '../observability/logged-platform.ts'
import type { OperatorMetrics } from '../observability/metrics-registry.ts'
import { BusError } from '../ports/bus.ts'
import type { OperatorDependencies } from './operator-dependencies.ts'

/**
 * Objects that change or go meanwhile and servers that are away are everyday; what no port names is
 * a fault of ours.
 */
function logFailure(log: Log, { kind, key, error }: ReconcileFailure): void {
  const reconcileLog = log.child({ kind, object: key })
  if (isKubeError(error, 'Conflict'))
    reconcileLog.info({ error }, 'object is newer; reconciled again')
  else if (isKubeError(error, 'NotFound'))
    reconcileLog.info({ error }, 'object is gone; tried again')
  else if (error instanceof KubeError || error instanceof BusError)
    reconcileLog.warn({ error }, 'reconcile failed; tried again')
  else reconcileLog.error({ error }, 'reconcile failed unexpectedly; tried again')
}

/** Starts the controllers of both kinds on a platform, counted and logged. */
export function startOperatorControllers(
  { config, log, monotonicClock }: Pick<OperatorDependencies, 'config' | 'log' | 'monotonicClock'>,
  metrics: OperatorMetrics,
  platform: Platform,
): Controllers {
  const createQueueObserver = (kind: ReconcileFailure['kind']) =>
    metrics.controllers(kind.toLowerCase(), () => monotonicClock.nowMs())
  return startControllers(
    withLoggedPlatform(platform, log),
    (failure) => logFailure(log, failure),
    {
      concurrency: config.concurrency,
      observers: {
        NeCoRun: createQueueObserver('NeCoRun'),
        NeCoSweep: createQueueObserver('NeCoSweep'),
      },
    },
  )
}
