import type { KernelTable } from '../../ops/kernel-signatures.ts'
import { keptRankRange, lossScale, type SoftSortOptions } from '../../sorting/soft-sort-options.ts'
import type { KernelHost, WasmArray } from './kernel-host.ts'
import {
  type SoftSortLayout,
  type SoftSortParameters,
  softSortArguments,
  softSortLayout,
  softSortScratch,
} from './soft-sort-layout.ts'

/** The fused sort and cross-entropy: rows are split over threads, their losses added in order. */
export function softSortKernels(
  host: KernelHost,
): Pick<KernelTable<WasmArray>, 'NecoSoftSortCrossEntropy'> {
  const tables = new Map<SoftSortLayout, number>()
  const uploadTable = (layout: SoftSortLayout): number => {
    const known = tables.get(layout)
    if (known !== undefined) return known
    const pointer = host.heap.allocate(layout.table.length)
    host.heap.bytesAt(pointer, layout.table.length).set(layout.table)
    tables.set(layout, pointer)
    return pointer
  }
  return {
    NecoSoftSortCrossEntropy: ({ inputs: { student, teacher }, attributes: { options } }) => {
      const [rows = 0, references = 0] = student.shape
      const layout = softSortLayout(options.network, references)
      const scale = lossScale(rows, options)
      const gradient = host.allocate(student.shape)
      const losses = host.heap.allocate(rows * 8)
      const masks = options.rowMask ? [Float64Array.from(options.rowMask)] : []
      host.withConstants(masks, ([rowMask = 0]) => {
        const parameters = softSortArguments(
          layout,
          {
            student: student.pointer,
            teacher: teacher.pointer,
            rowMask,
            studentGradient: gradient.pointer,
            rowLosses: losses,
            table: uploadTable(layout),
          },
          toSoftSortParameters(options, scale),
        )
        host.run('softSortCrossEntropy', {
          arguments: [...parameters],
          items: rows,
          operations: rows * layout.comparators * references * 10,
          scratchBytes: softSortScratch(layout).scratchBytes,
        })
      })
      const sum = host.heap.doubles(losses, rows).reduce((total, loss) => total + loss, 0)
      host.heap.free(losses)
      const loss = host.allocate([])
      host.view(loss)[0] = scale * sum
      return [loss, gradient]
    },
  }
}

function toSoftSortParameters(options: SoftSortOptions, scale: number): SoftSortParameters {
  return {
    ...options,
    scale,
    both: options.direction === 'Both',
    kept: keptRankRange(options),
  }
}
