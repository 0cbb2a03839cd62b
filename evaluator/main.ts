import { setImmediate, setTimeout } from 'node:timers/promises'
import type { RunConfig } from '../crds/run-config.ts'
import type { TerminationMessage } from '../crds/run-report.ts'
import { folderStorage } from '../pod/folder-storage.ts'
import { type PodTools, runPod } from '../pod/run-pod.ts'
import type { ReportBody, Spool } from '../pod/spool.ts'
import type { Storage } from '../pod/storage.ts'
import { attemptFolder } from '../pod/storage-layout.ts'
import type { PodVoice } from '../pod/voice.ts'
import { startBackend } from '../vision/backends/start-backend.ts'
import { visionFailure } from '../vision/vision-failure.ts'
import { type Evaluated, runEvaluations } from './run-evaluations.ts'

const monotonicMs = (): number => performance.now()
const sleep = (ms: number): Promise<void> => (ms > 0 ? setTimeout(ms) : setImmediate())

/** Opens the spool with the first report, since its path holds the run key. */
function reporter({ identity }: RunConfig, storage: Storage, voice: PodVoice) {
  let spool: Spool | undefined
  return async (runKey: string, body: ReportBody): Promise<void> => {
    spool ??= await voice.openSpool(storage, attemptFolder(runKey, identity))
    await spool.write([body])
  }
}

async function evaluate(
  config: RunConfig,
  { log, signal, voice }: PodTools,
): Promise<TerminationMessage> {
  const { threads, storage: root } = config.execution
  const backend = await startBackend({ backend: 'wasm', threads })
  log.info({ backend: backend.identity }, backend.why)
  try {
    const storage = folderStorage(root, () => Date.now())
    const evaluated = await runEvaluations(config, {
      storage,
      signal,
      monotonicMs,
      sleep,
      report: reporter(config, storage, voice),
      log: (message, data) => log.info(data, message),
      warn: (message, data) => log.warn(data, message),
      backend: backend.identity,
    })
    return lastWords(evaluated)
  } finally {
    await backend.close()
  }
}

function lastWords(evaluated: Evaluated): TerminationMessage {
  const { runKey, step, backend, reused, evaluations } = evaluated
  return {
    schemaVersion: 1,
    reason: 'Succeeded',
    message: reused ? 'every result was found under its key' : 'evaluated',
    runKey,
    backend,
    reused,
    step,
    metrics: { ...evaluations.at(-1)?.metrics },
    evaluations: [...evaluations],
  }
}

await runPod({ name: 'evaluator', work: evaluate, failure: visionFailure })
