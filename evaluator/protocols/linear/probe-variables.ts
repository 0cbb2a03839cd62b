import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { linear } from '../../../vision/ops/linear.ts'
import { readTensorValues, toVariable } from '../../../vision/ops/tensor-values.ts'
import type { LinearHead } from '../../core/linear-head.ts'

/** A linear head on the backend while it is trained. */
export interface ProbeVariables {
  readonly parameters: ReadonlyMap<'weight' | 'bias', Variable>
  /** x [M, D] → class scores [M, C]. */
  scores(x: Tensor): Tensor
  head(): LinearHead
  dispose(): void
}

/** Puts a head on the current backend. The caller disposes it. */
export function createProbeVariables({ classes, dim, ...initial }: LinearHead): ProbeVariables {
  const weight = toVariable(initial.weight, [classes, dim])
  const bias = toVariable(initial.bias, [classes])
  return {
    parameters: new Map([
      ['weight', weight],
      ['bias', bias],
    ]),
    scores: (x) => linear(x, { weight, bias }),
    head: () => ({
      classes,
      dim,
      weight: Float64Array.from(readTensorValues(weight)),
      bias: Float64Array.from(readTensorValues(bias)),
    }),
    dispose: () => {
      weight.dispose()
      bias.dispose()
    },
  }
}
