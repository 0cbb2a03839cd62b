import type { KernelCall, KernelTable } from '../../ops/kernel-signatures.ts'
import { softSortCrossEntropy } from '../../sorting/soft-sort-cross-entropy.ts'
import { swiGlu, swiGluGradient } from './activations.ts'
import { add, affine, dot, multiply } from './arithmetic.ts'
import { attention, attentionGradient } from './attention.ts'
import { crossEntropy } from './cross-entropy.ts'
import { distance, distanceGradient } from './distance.ts'
import { layerNorm, layerNormGradient } from './layer-norm.ts'
import { columnSum, linear, matMul } from './matrix.ts'
import { adamwStep, emaStep } from './optimizer.ts'
import { foldPatches, unfoldPatches } from './patches.ts'
import type { ReferenceArray } from './reference-array.ts'
import {
  addRow,
  concat,
  fill,
  normalizeRows,
  normalizeRowsGradient,
  residualScale,
  residualScaleGradient,
  sparseRows,
} from './rows.ts'

/** Every kernel in plain float64 loops: slow, and easy to check by eye. */
export const referenceKernels: KernelTable<ReferenceArray> = {
  NecoLinear: linear,
  NecoMatMul: matMul,
  NecoColumnSum: columnSum,
  NecoSwiGlu: swiGlu,
  NecoSwiGluGradient: swiGluGradient,
  NecoLayerNorm: layerNorm,
  NecoLayerNormGradient: layerNormGradient,
  NecoAttention: attention,
  NecoAttentionGradient: attentionGradient,
  NecoResidualScale: residualScale,
  NecoResidualScaleGradient: residualScaleGradient,
  NecoConcat: concat,
  NecoAddRow: addRow,
  NecoUnfoldPatches: unfoldPatches,
  NecoFoldPatches: foldPatches,
  NecoSparseRows: sparseRows,
  NecoNormalizeRows: normalizeRows,
  NecoNormalizeRowsGradient: normalizeRowsGradient,
  NecoDistance: distance,
  NecoDistanceGradient: distanceGradient,
  NecoCrossEntropy: crossEntropy,
  NecoAffine: affine,
  NecoMultiply: multiply,
  NecoDot: dot,
  NecoFill: fill,
  NecoAdamwStep: adamwStep,
  NecoEmaStep: emaStep,
  NecoSoftSortCrossEntropy: softSortKernel,
  Add: add,
}

function softSortKernel({
  inputs: { student, teacher },
  attributes: { options },
}: KernelCall<'NecoSoftSortCrossEntropy', ReferenceArray>): ReferenceArray[] {
  const result = softSortCrossEntropy(student.values, teacher.values, options)
  const loss = { shape: [], values: Float64Array.of(result.loss) }
  return [loss, { shape: student.shape, values: result.studentGradient }]
}
