import { Registry } from 'prom-client'
import { createControllerMetrics } from './controller-metrics.ts'
import { createOperatorGauges, type OperatorGauges } from './operator-gauges.ts'
import { createStudyMetrics, type StudyMetrics } from './study-metrics.ts'

/** Every metric of the operator, in one registry that is made in main and passed on. */
export interface OperatorMetrics {
  readonly registry: Registry
  readonly controllers: ReturnType<typeof createControllerMetrics>
  readonly operator: OperatorGauges
  readonly studies: StudyMetrics
}

/** Makes the metrics of one process; at most `maxSeries` of them are of runs and sweeps. */
export function createOperatorMetrics(maxSeries: number): OperatorMetrics {
  const registry = new Registry()
  return {
    registry,
    controllers: createControllerMetrics(registry),
    operator: createOperatorGauges(registry),
    studies: createStudyMetrics(registry, maxSeries),
  }
}
