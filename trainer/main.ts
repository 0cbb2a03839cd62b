import { setImmediate } from 'node:timers/promises'
import type { NamedFailure } from '../crds/exit-codes.ts'
import type { RunConfig } from '../crds/run-config.ts'
import type { TerminationMessage } from '../crds/run-report.ts'
import { evaluationResult } from '../pod/evaluation-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { type PodTools, runPod } from '../pod/run-pod.ts'
import { startBackend } from '../vision/backends/start-backend.ts'
import { visionFailure } from '../vision/vision-failure.ts'
import { OverlapError } from './core/views/draw-crops.ts'
import { type Trained, train } from './train.ts'

const monotonicMs = (): number => performance.now()

const trainerFailure = (error: unknown): NamedFailure | undefined =>
  error instanceof OverlapError ? { reason: 'UserError', code: error.code } : visionFailure(error)

async function trainAsTold(
  config: RunConfig,
  { log, signal, voice }: PodTools,
): Promise<TerminationMessage> {
  const { threads, storage: root } = config.execution
  const backend = await startBackend({ backend: 'wasm', threads })
  log.info({ backend: backend.identity }, backend.why)
  try {
    const storage = folderStorage(root, () => Date.now())
    const trained = await train(config, {
      storage,
      signal,
      monotonicMs,
      breathe: () => setImmediate(),
      openSpool: (folder) => voice.openSpool(storage, folder),
      stepped: voice.stepped,
      checkpoints: voice.checkpoints,
      log: (message, data) => log.info(data, message),
      warn: (message, data) => log.warn(data, message),
      backend: backend.identity,
    })
    return lastWords(trained)
  } finally {
    await backend.close()
  }
}

function lastWords(trained: Trained): TerminationMessage {
  const { runKey, backend, reused, step, metrics, evaluations, isInterrupted } = trained
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
      measured.map((one) => ({ name, ...evaluationResult(one) })),
    ),
  }
}

await runPod({ name: 'trainer', work: trainAsTold, failure: trainerFailure })
