import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runKernel, runSingleOutputKernel } from './run-kernel.ts'
import { readScalar } from './tensor-values.ts'

export type CrossEntropyTargets =
  /** A distribution for each row; constant: it gets no gradient. */
  | { readonly targets: Tensor } // [M, C]
  | {
      /** One class for each row. */
      readonly labels: Int32Array
      /** Rows with this label do not count. */
      readonly ignore?: number | undefined
      /** Label smoothing as torch's: this share of the mass is spread over all classes. */
      readonly smoothing?: number | undefined
    }

/**
 * Mean cross-entropy of softmax(logits [M, C]) over the rows that count; a scalar, 0 without rows.
 */
export function crossEntropyRows(logits: Tensor, target: CrossEntropyTargets): Tensor {
  if ('labels' in target) checkLabels(logits, target)
  const attributes = {
    labels: 'labels' in target ? target.labels : undefined,
    ignore: 'labels' in target ? target.ignore : undefined,
    smoothing: 'labels' in target ? (target.smoothing ?? 0) : 0,
  }
  const targets = 'targets' in target ? { targets: target.targets } : {}
  return differentiable({
    inputs: [logits],
    forward: () => {
      const outputs = runKernel('NecoCrossEntropy', { logits, ...targets }, attributes)
      const [value, gradient] = outputs as [Tensor, Tensor]
      return { value, save: [gradient] }
    },
    backward: (dy, [gradient]) => [
      runSingleOutputKernel(
        'NecoAffine',
        { x: gradient as Tensor },
        { factor: readScalar(dy), offset: 0 },
      ),
    ],
  })
}

function checkLabels(
  logits: Tensor,
  { labels, ignore }: Extract<CrossEntropyTargets, { labels: Int32Array }>,
): void {
  const [rows = 0, classes = 0] = logits.shape
  if (labels.length !== rows) throw new Error(`${labels.length} labels do not fit ${rows} rows`)
  for (const label of labels) {
    if (label === ignore || (label >= 0 && label < classes)) continue
    throw new Error(`label ${label} is not among ${classes} classes`)
  }
}
