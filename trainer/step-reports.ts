import type { ReportBody } from '../pod/spool.ts'
import type { ScheduledValues } from './core/schedules.ts'
import type { TrainingRun } from './training-run.ts'

/** Report lines wait at most so long, and never beyond the next checkpoint. */
const FLUSH_EVERY_MS = 1000

export interface CompletedStep {
  /** Finished steps. */
  readonly step: number
  readonly loss: number
  readonly scheduled: ScheduledValues
  readonly startedMs: number
}

/** Metrics of one step; throughput is of this step alone. */
export function buildStepReport(
  { config, dependencies, totalSteps }: TrainingRun,
  { step, loss, scheduled, startedMs }: CompletedStep,
): ReportBody {
  const { batchSize } = config.result.optimizer
  const seconds = Math.max(dependencies.monotonicMs() - startedMs, 1e-3) / 1000
  const metrics = {
    loss,
    imagesPerSecond: batchSize / seconds,
    backboneLearningRate: scheduled.backboneLearningRate,
  }
  return { kind: 'Step', step, totalSteps, imagesSeen: step * batchSize, metrics }
}

/** Gathers step reports, so that short steps share a durable write. */
export function createReportBuffer({ config, dependencies, spool, totalSteps }: TrainingRun) {
  let pendingReports: ReportBody[] = []
  let flushedMs = dependencies.monotonicMs()
  const flush = async (): Promise<void> => {
    const batch = pendingReports
    pendingReports = []
    flushedMs = dependencies.monotonicMs()
    await spool.write(batch)
  }
  const add = async (report: ReportBody): Promise<void> => {
    dependencies.onStep?.(report)
    const isLast = report.step === totalSteps
    if (report.step % config.execution.reportEverySteps === 0 || isLast) {
      pendingReports.push(report)
      dependencies.log('Step', { step: report.step, ...report.metrics })
    }
    if (dependencies.monotonicMs() - flushedMs >= FLUSH_EVERY_MS) await flush()
  }
  return { add, flush }
}
