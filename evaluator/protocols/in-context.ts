import { emptyConfusion } from '../core/confusion-matrix.ts'
import { transferLabels } from '../core/in-context.ts'
import { type Matched, matchLabels } from '../core/matching.ts'
import { nearestKeys } from '../core/nearest-neighbours.ts'
import { unitRows } from '../core/unit-rows.ts'
import { backendDotProducts } from '../features/dot-products.ts'
import { fillMemory, type MemoryOptions } from './fill-memory.ts'
import { type ScoredSet, scoreBatch, type Tally } from './score-batch.ts'
import type { SegmentationResult } from './segmentation-result.ts'

export interface InContextTask extends ScoredSet, MemoryOptions {}

/** In-context retrieval (neco-method §4.2): each patch takes the labels of its nearest in memory. */
export async function evaluateInContext(task: InContextTask): Promise<SegmentationResult> {
  const { classes, numbers } = task
  const memory = await fillMemory(task)
  const backend = backendDotProducts()
  const tally: Tally = { matrix: emptyConfusion(classes), kept: [] }
  try {
    for await (const batch of task.validation.batches()) {
      const neighbours = nearestKeys({
        queries: unitRows(batch.features),
        keys: memory.keys,
        count: numbers.neighbours,
        dotProducts: backend.dotProducts,
      })
      const { temperature } = numbers
      const scores = transferLabels({ neighbours, labels: memory.labels, classes, temperature })
      scoreBatch(task, batch, { scores, tally })
    }
  } finally {
    backend.dispose()
  }
  return resultOf(matchLabels(tally.matrix, numbers.matching), tally.kept)
}

function resultOf(matched: Matched, kept: readonly Uint8Array[]): SegmentationResult {
  return {
    miouPercent: 100 * matched.meanIou,
    iouPercentByClass: matched.iou.map((iou) => 100 * iou),
    predictions: kept.map((labels) => labels.map((label) => matched.classOf[label] as number)),
  }
}
