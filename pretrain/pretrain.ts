import type { Storage } from '../pod/storage.ts'
import { countCorrect } from './classifier.ts'
import type { PretrainSettings } from './pretrain-settings.ts'
import { encodeBackbone, encodeState } from './state-file.ts'
import { type PretrainState, trainStep } from './train-step.ts'
import { evaluationBatch, trainingBatch } from './training-batch.ts'
import type { Windows } from './windows.ts'

/** Progress of a pre-training. */
export interface PretrainReport {
  readonly step: number
  readonly loss: number
  /** Share of held-out windows whose class is right; only now and then. */
  readonly heldOutAccuracy?: number
}

export interface PretrainJob {
  readonly settings: PretrainSettings
  readonly windows: Windows
  readonly heldOut: Windows
  readonly storage: Storage
  /** Where the state is kept between runs, and where the weights go in the end. */
  readonly statePath: string
  readonly weightsPath: string
  /** Steps between two writes of the state, each with the accuracy on held-out windows. */
  readonly saveEverySteps: number
  readonly report: (report: PretrainReport) => void
  readonly signal: AbortSignal
}

/**
 * Trains a state to its last step, writing it now and then, and writes the backbone. Answers
 * Interrupted, with the state written, when the signal asks for an end.
 */
export async function pretrain(
  state: PretrainState,
  job: PretrainJob,
): Promise<'Finished' | 'Interrupted'> {
  const { settings, windows, storage } = job
  const save = () => storage.put(job.statePath, encodeState(state, settings))
  while (state.step < settings.steps) {
    if (job.signal.aborted) {
      await save()
      return 'Interrupted'
    }
    const loss = trainStep(state, settings, trainingBatch(windows, settings, state.step))
    if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss} at step ${state.step}`)
    if (state.step % job.saveEverySteps === 0 || state.step === settings.steps) {
      await save()
      job.report({
        step: state.step,
        loss,
        heldOutAccuracy: computeAccuracy(job.heldOut, state, job),
      })
    } else job.report({ step: state.step, loss })
    await yieldToEventLoop()
  }
  await storage.put(job.weightsPath, encodeBackbone(state, settings))
  return 'Finished'
}

/** Steps are synchronous; signals arrive in between. */
function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function computeAccuracy(
  heldOut: Windows,
  state: PretrainState,
  { settings }: PretrainJob,
): number {
  const { batchSize } = settings
  const total = heldOut.images.length
  let correct = 0
  for (let begin = 0; begin < total; begin += batchSize) {
    const batch = evaluationBatch(heldOut, settings, {
      begin,
      count: Math.min(batchSize, total - begin),
    })
    correct += countCorrect(state.classifier, settings, batch)
  }
  return correct / total
}
