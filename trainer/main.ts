import { setImmediate } from 'node:timers/promises'
import type { NamedFailure } from '../contract/exit-codes.ts'
import type { RunConfig } from '../contract/run-config.ts'
import type { TerminationMessage } from '../contract/run-report.ts'
import { toEvaluationResult } from '../pod/evaluation-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { type PodContext, runPod } from '../pod/run-pod.ts'
import { openVolumes } from '../std/files/volumes.ts'
import { startBackend } from '../vision/backends/start-backend.ts'
import { visionFailure } from '../vision/vision-failure.ts'
import { OverlapError } from './core/views/draw-crops.ts'
import { type TrainingSummary, train } from './train.ts'

const monotonicMs = (): number => performance.now()

const toTrainerFailure = (error: unknown): NamedFailure | undefined =>
  error instanceof OverlapError ? { reason: 'UserError', code: error.code } : visionFailure(error)

async function trainFromConfig(
  config: RunConfig,
  { log, signal, reporter }: PodContext,
): Promise<TerminationMessage> {
  const { threads, storage: root, volumes } = config.execution
  const backend = await startBackend({ backend: 'wasm', threads })
  log.info({ backend: backend.identity }, backend.selectionReason)
  try {
    const storage = folderStorage(root)
    const summary = await train(config, {
      storage,
      volumes: openVolumes(volumes),
      signal,
      monotonicMs,
      yieldToEventLoop: () => setImmediate(),
      openSpool: (folder) => reporter.openSpool(storage, folder),
      onStep: reporter.stepped,
      checkpointRequests: reporter.checkpoints,
      log: (message, data) => log.info(data, message),
      warn: (message, data) => log.warn(data, message),
      backend: backend.identity,
    })
    return buildTrainerTerminationMessage(summary)
  } finally {
    await backend.close()
  }
}

function buildTrainerTerminationMessage(summary: TrainingSummary): TerminationMessage {
  const { runKey, backend, reused, step, metrics, evaluations, isInterrupted } = summary
  const found = reused ? 'the result was found under its key' : 'trained'
  return {
    schemaVersion: 1,
    reason: isInterrupted ? 'Interrupted' : 'Succeeded',
    message: isInterrupted ? `stopped after a checkpoint at step ${step}` : found,
    runKey,
    backend,
    reused,
    step,
    metrics: { ...metrics },
    evaluations: evaluations.flatMap(({ name, measured }) =>
      measured.map((one) => ({ name, ...toEvaluationResult(one) })),
    ),
  }
}

await runPod({ name: 'trainer', run: trainFromConfig, classifyFailure: toTrainerFailure })
