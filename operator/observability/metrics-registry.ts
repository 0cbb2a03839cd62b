import { Registry } from 'prom-client'
import { controllerMetrics } from './controller-metrics.ts'
import { type OperatorGauges, operatorGauges } from './operator-gauges.ts'
import { type StudyMetrics, studyMetrics } from './study-metrics.ts'

/** Every metric of the operator, in one registry that is made in main and passed on. */
export interface OperatorMetrics {
  readonly registry: Registry
  readonly controllers: ReturnType<typeof controllerMetrics>
  readonly operator: OperatorGauges
  readonly studies: StudyMetrics
}

/** Makes the metrics of one process; at most `maxSeries` of them are of runs and sweeps. */
export function operatorMetrics(maxSeries: number): OperatorMetrics {
  const registry = new Registry()
  return {
    registry,
    controllers: controllerMetrics(registry),
    operator: operatorGauges(registry),
    studies: studyMetrics(registry, maxSeries),
  }
}
