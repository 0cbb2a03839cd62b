import type { KernelTable } from '../../ops/kernel-signatures.ts'
import { type KernelHost, toMatrixShape, type WasmArray } from './kernel-host.ts'

type Names = 'NecoNormalizeRows' | 'NecoNormalizeRowsGradient'

/** Rows brought to length 1. */
export function normalizeKernels(host: KernelHost): Pick<KernelTable<WasmArray>, Names> {
  return {
    NecoNormalizeRows: ({ inputs: { x }, attributes: { eps } }) => {
      const { rows, columns } = toMatrixShape(x)
      const y = host.allocate(x.shape)
      const norms = host.allocate([rows])
      host.run('normalizeRows', {
        arguments: [x.pointer, y.pointer, norms.pointer, columns, eps],
        items: rows,
        operations: rows * columns * 4,
      })
      return [y, norms]
    },
    NecoNormalizeRowsGradient: ({ inputs: { dy, y, norms }, attributes: { eps } }) => {
      const { rows, columns } = toMatrixShape(y)
      const dx = host.allocate(y.shape)
      host.run('normalizeRowsGradient', {
        arguments: [dy.pointer, y.pointer, norms.pointer, dx.pointer, columns, eps],
        items: rows,
        operations: rows * columns * 4,
      })
      return [dx]
    },
  }
}
