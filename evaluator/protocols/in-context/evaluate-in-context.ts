import { emptyConfusionMatrix } from '../../core/confusion-matrix.ts'
import { transferLabels } from '../../core/in-context.ts'
import { type MatchedLabels, matchLabels } from '../../core/matching.ts'
import { findNearestKeys } from '../../core/nearest-neighbors.ts'
import { normalizeFeatureRows } from '../../core/unit-rows.ts'
import { createBackendDotProducts } from '../../features/dot-products.ts'
import {
  accumulateBatch,
  type SegmentationAccumulator,
  type SegmentationResult,
  type SegmentationTask,
} from '../segmentation.ts'
import { buildMemoryBank, type MemoryBankOptions } from './memory-bank.ts'

export interface InContextTask extends SegmentationTask, MemoryBankOptions {}

/**
 * In-context retrieval (docs/method.md §4.2): each patch takes the labels of its nearest in memory.
 */
export async function evaluateInContext(task: InContextTask): Promise<SegmentationResult> {
  const { classes, hyperparameters } = task
  const memory = await buildMemoryBank(task)
  const backend = createBackendDotProducts()
  const accumulator: SegmentationAccumulator = {
    matrix: emptyConfusionMatrix(classes),
    predictedMasks: [],
  }
  try {
    for await (const batch of task.validation.batches()) {
      const neighbors = findNearestKeys({
        queries: normalizeFeatureRows(batch.features),
        keys: memory.keys,
        count: hyperparameters.neighbors,
        dotProducts: backend.dotProducts,
      })
      const { temperature } = hyperparameters
      const scores = transferLabels({ neighbors, labels: memory.labels, classes, temperature })
      accumulateBatch(task, batch, { scores, tally: accumulator })
    }
  } finally {
    backend.dispose()
  }
  return toSegmentationResult(
    matchLabels(accumulator.matrix, hyperparameters.matching),
    accumulator.predictedMasks,
  )
}

function toSegmentationResult(
  matched: MatchedLabels,
  predictedMasks: readonly Uint8Array[],
): SegmentationResult {
  return {
    miouPercent: 100 * matched.meanIou,
    iouPercentByClass: matched.iou.map((iou) => 100 * iou),
    predictions: predictedMasks.map((labels) =>
      labels.map((label) => matched.classByLabel[label] as number),
    ),
  }
}
