import { setImmediate, setTimeout } from 'node:timers/promises'
import type { RunConfig } from '../contract/run-config.ts'
import type { TerminationMessage } from '../contract/run-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import type { PodReporter } from '../pod/pod-reporter.ts'
import { type PodContext, runPod } from '../pod/run-pod.ts'
import type { ReportBody, Spool } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import { attemptFolder } from '../pod/storage-layout.ts'
import { openVolumes } from '../std/files/volumes.ts'
import { startBackend } from '../vision/backends/start-backend.ts'
import { visionFailure } from '../vision/vision-failure.ts'
import { type EvaluationSummary, runEvaluations } from './run-evaluations.ts'

const monotonicMs = (): number => performance.now()
const sleep = (ms: number): Promise<void> => (ms > 0 ? setTimeout(ms) : setImmediate())

/** Opens the spool with the first report, since its path holds the run key. */
function createReportWriter({ identity }: RunConfig, storage: Storage, reporter: PodReporter) {
  let spool: Spool | undefined
  return async (runKey: string, body: ReportBody): Promise<void> => {
    spool ??= await reporter.openSpool(storage, attemptFolder(runKey, identity))
    await spool.write([body])
  }
}

async function evaluate(
  config: RunConfig,
  { log, signal, reporter }: PodContext,
): Promise<TerminationMessage> {
  const { threads, storage: root, volumes } = config.execution
  const backend = await startBackend({ backend: 'wasm', threads })
  log.info({ backend: backend.identity }, backend.selectionReason)
  try {
    const storage = folderStorage(root)
    const summary = await runEvaluations(config, {
      storage,
      volumes: openVolumes(volumes),
      signal,
      monotonicMs,
      sleep,
      report: createReportWriter(config, storage, reporter),
      log: (message, data) => log.info(data, message),
      warn: (message, data) => log.warn(data, message),
      backend: backend.identity,
    })
    return buildEvaluatorTerminationMessage(summary)
  } finally {
    await backend.close()
  }
}

function describeSummary({ reused, evaluations, unmeasured }: EvaluationSummary): string {
  if (reused) return 'every result was found under its key'
  if (unmeasured.length === 0) return 'evaluated'
  const done = evaluations.length === 0 ? 'nothing was measured' : 'evaluated'
  return `${done}; the checkpoints at ${unmeasured.join(', ')} of the schedule are not complete yet`
}

function buildEvaluatorTerminationMessage(summary: EvaluationSummary): TerminationMessage {
  const { runKey, step, backend, reused, evaluations, unmeasured } = summary
  return {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: describeSummary(summary),
    runKey,
    backend,
    reused,
    step,
    metrics: { ...evaluations.at(-1)?.metrics },
    evaluations: [...evaluations],
    ...(unmeasured.length === 0 ? {} : { unmeasured: [...unmeasured] }),
  }
}

await runPod({ name: 'evaluator', run: evaluate, classifyFailure: visionFailure })
