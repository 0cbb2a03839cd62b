import type { KernelTable } from '../../ops/kernel-signatures.ts'
import {
  countElements,
  type KernelHost,
  toMatrixShape,
  toPointer,
  type WasmArray,
} from './kernel-host.ts'

type Names =
  | 'NecoLayerNorm'
  | 'NecoLayerNormGradient'
  | 'NecoResidualScale'
  | 'NecoResidualScaleGradient'
  | 'NecoAddRow'
  | 'NecoSparseRows'

/** The kernels that take an array row by row. */
export function rowKernels(host: KernelHost): Pick<KernelTable<WasmArray>, Names> {
  return {
    NecoLayerNorm: ({ inputs: { x, gamma, beta }, attributes: { eps } }) => {
      const { rows, columns } = toMatrixShape(x)
      const outputs = [x.shape, [rows], [rows]].map((shape) => host.allocate(shape))
      const pointers = [x, gamma, beta, ...outputs].map(({ pointer }) => pointer)
      host.run('layerNorm', {
        arguments: [...pointers, columns, eps],
        items: rows,
        operations: rows * columns * 4,
      })
      return outputs
    },
    NecoLayerNormGradient: ({ inputs }) => layerNormGradient(host, inputs),
    NecoResidualScale: ({ inputs: { x, branch, gamma, sampleScale } }) => {
      const { rows, columns } = toMatrixShape(x)
      const y = host.allocate(x.shape)
      host.run('residualScale', {
        arguments: [
          ...[x.pointer, branch.pointer, toPointer(gamma), toPointer(sampleScale), y.pointer],
          ...[columns, countRowsPerSample(rows, sampleScale)],
        ],
        items: rows,
        operations: rows * columns * 2,
      })
      return [y]
    },
    NecoResidualScaleGradient: ({ inputs }) => residualGradient(host, inputs),
    NecoAddRow: ({ inputs: { x, row } }) => {
      const y = host.allocate(x.shape)
      const size = countElements(x.shape)
      const columns = countElements(row.shape)
      host.run('addRow', {
        arguments: [x.pointer, row.pointer, y.pointer, columns],
        items: size / columns,
        operations: size * 2,
      })
      return [y]
    },
    NecoSparseRows: ({ inputs: { x }, attributes: { matrix } }) => {
      const { columns } = toMatrixShape(x)
      const out = host.allocate([matrix.rows, columns])
      host.withConstants([matrix.indptr, matrix.indices, matrix.values], (pointers) => {
        host.run('sparseRows', {
          arguments: [x.pointer, out.pointer, ...pointers, columns],
          items: matrix.rows,
          operations: (matrix.indices.length + matrix.rows) * columns,
        })
      })
      return [out]
    },
  }
}

function layerNormGradient(
  host: KernelHost,
  inputs: Parameters<KernelTable<WasmArray>['NecoLayerNormGradient']>[0]['inputs'],
): readonly WasmArray[] {
  const { dy, x, gamma, mean, deviation } = inputs
  const { rows, columns } = toMatrixShape(x)
  const [dx, dGamma, dBeta] = [x, gamma, gamma].map(({ shape }) => host.allocate(shape)) as [
    WasmArray,
    WasmArray,
    WasmArray,
  ]
  const inputPointers = [dy, x, gamma, mean, deviation].map(({ pointer }) => pointer)
  const operations = rows * columns * 4
  host.run('layerNormInputGradient', {
    arguments: [...inputPointers, dx.pointer, columns],
    items: rows,
    operations,
  })
  const sums = [dy, x, mean, deviation, dGamma, dBeta].map(({ pointer }) => pointer)
  host.run('layerNormParameterGradient', {
    arguments: [...sums, rows, columns],
    items: Math.ceil(columns / 8),
    operations,
  })
  return [dx, dGamma, dBeta]
}

function residualGradient(
  host: KernelHost,
  inputs: Parameters<KernelTable<WasmArray>['NecoResidualScaleGradient']>[0]['inputs'],
): readonly WasmArray[] {
  const { dy, branch, gamma, sampleScale } = inputs
  const { rows, columns } = toMatrixShape(branch)
  const sampleRows = countRowsPerSample(rows, sampleScale)
  const scales = toPointer(sampleScale)
  const dBranch = host.allocate(branch.shape)
  const operations = rows * columns * 2
  host.run('residualBranchGradient', {
    arguments: [dy.pointer, toPointer(gamma), scales, dBranch.pointer, columns, sampleRows],
    items: rows,
    operations,
  })
  if (!gamma) return [dBranch]
  const dGamma = host.allocate(gamma.shape)
  host.run('residualGammaGradient', {
    arguments: [
      ...[dy.pointer, branch.pointer, scales, dGamma.pointer],
      ...[rows, columns, sampleRows],
    ],
    items: Math.ceil(columns / 4),
    operations,
  })
  return [dBranch, dGamma]
}

function countRowsPerSample(rows: number, sampleScale: WasmArray | undefined): number {
  return sampleScale ? rows / countElements(sampleScale.shape) : rows
}
