import type { KernelTable } from '../../ops/kernel-signatures.ts'
import {
  countElements,
  type KernelHost,
  toMatrixShape,
  toPointer,
  type WasmArray,
} from './kernel-host.ts'

/** A panel of A, an edge tile and a block of B: see GEMM_SCRATCH in gemm.ts. */
export const GEMM_SCRATCH_BYTES = 4096 + 128 + 256 * 256 * 4

type Names = 'NecoLinear' | 'NecoMatMul' | 'NecoColumnSum'

/** The kernels that are products of matrices, and the sums over rows that go with them. */
export function matrixKernels(host: KernelHost): Pick<KernelTable<WasmArray>, Names> {
  return {
    NecoLinear: ({ inputs: { x, weight, bias }, attributes }) => {
      const { rows, columns } = toMatrixShape(x)
      const outputs = weight.shape[0] as number
      const y = host.allocate([...x.shape.slice(0, -1), outputs])
      const gelu = attributes.activation === 'Gelu'
      const slopes = gelu && attributes.keepSlopes ? host.allocate(y.shape) : undefined
      host.run('linear', {
        arguments: [
          ...[x.pointer, weight.pointer, toPointer(bias), y.pointer, toPointer(slopes)],
          ...[columns, outputs, gelu ? 1 : 0],
        ],
        items: rows,
        operations: rows * columns * outputs,
        scratchBytes: GEMM_SCRATCH_BYTES,
      })
      return slopes ? [y, slopes] : [y]
    },
    NecoMatMul: ({ inputs: { a, b }, attributes: { transposeA, transposeB } }) => {
      const [aRows = 1, aColumns = 1] = a.shape.slice(-2)
      const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns]
      const n = b.shape.at(transposeB ? -2 : -1) as number
      const c = host.allocate([...a.shape.slice(0, -2), m, n])
      const items = countElements(c.shape) / n
      host.run('matMul', {
        arguments: [
          ...[a.pointer, b.pointer, c.pointer, m, n, k],
          ...[transposeA ? 1 : 0, transposeB ? 1 : 0],
        ],
        items,
        operations: items * n * k,
        scratchBytes: GEMM_SCRATCH_BYTES,
      })
      return [c]
    },
    NecoColumnSum: ({ inputs: { x }, attributes: { shape } }) => {
      const columns = countElements(shape)
      const size = countElements(x.shape)
      const out = host.allocate(shape)
      host.run('columnSum', {
        arguments: [x.pointer, out.pointer, size / columns, columns],
        items: Math.ceil(columns / 16),
        operations: size,
      })
      return [out]
    },
  }
}
