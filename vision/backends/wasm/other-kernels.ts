import type { KernelCall, KernelTable } from '../../ops/kernel-signatures.ts'
import {
  countElements,
  type KernelHost,
  toMatrixShape,
  toPointer,
  type WasmArray,
} from './kernel-host.ts'

type Names =
  | 'NecoConcat'
  | 'NecoUnfoldPatches'
  | 'NecoFoldPatches'
  | 'NecoDistance'
  | 'NecoDistanceGradient'
  | 'NecoCrossEntropy'

/** Patches, joins, distances and the loss of a classifier. */
export function miscKernels(host: KernelHost): Pick<KernelTable<WasmArray>, Names> {
  return {
    NecoConcat: ({ inputs, attributes: { outer, shape } }) => {
      const result = host.allocate(shape)
      const parts = Object.values(inputs).map((part) => host.view(part))
      const values = host.view(result)
      let place = 0
      for (let block = 0; block < outer; block++) {
        for (const part of parts) {
          const inner = part.length / outer
          values.set(part.subarray(block * inner, (block + 1) * inner), place)
          place += inner
        }
      }
      return [result]
    },
    NecoUnfoldPatches: ({ inputs: { images }, attributes: { patch } }) => {
      const [batch = 1, channels = 1, height = 1, width = 1] = images.shape
      const count = batch * Math.floor(height / patch) * Math.floor(width / patch)
      const patches = host.allocate([count, channels * patch * patch])
      host.run('unfoldPatches', {
        arguments: [images.pointer, patches.pointer, channels, height, width, patch],
        items: count,
        operations: countElements(patches.shape),
      })
      return [patches]
    },
    NecoFoldPatches: ({ inputs: { patches }, attributes: { patch, shape } }) => {
      const [batch = 1, channels = 1, height = 1, width = 1] = shape
      const images = host.allocate(shape)
      host.run('foldPatches', {
        arguments: [images.pointer, patches.pointer, channels, height, width, patch],
        items: batch,
        operations: countElements(shape),
      })
      return [images]
    },
    NecoDistance: ({ inputs: { queries, references } }) => {
      const [groups = 1, points = 1, width = 1] = queries.shape
      const count = references.shape[1] as number
      const distances = host.allocate([groups, points, count])
      const pointers = [queries, references, distances].map(({ pointer }) => pointer)
      host.run('distance', {
        arguments: [...pointers, points, count, width],
        items: groups * points,
        operations: groups * points * count * width,
      })
      return [distances]
    },
    NecoDistanceGradient: ({ inputs }) => distanceGradient(host, inputs),
    NecoCrossEntropy: (call) => crossEntropy(host, call),
  }
}

function distanceGradient(
  host: KernelHost,
  inputs: KernelCall<'NecoDistanceGradient', WasmArray>['inputs'],
): readonly WasmArray[] {
  const { dy, distances, queries, references } = inputs
  const [groups = 1, points = 1, width = 1] = queries.shape
  const count = references.shape[1] as number
  const operations = groups * points * count * width
  const dQueries = host.allocate(queries.shape)
  const dReferences = host.allocate(references.shape)
  const slopes = [dy.pointer, distances.pointer]
  host.run('distanceGradient', {
    arguments: [
      ...[...slopes, queries.pointer, references.pointer, dQueries.pointer],
      ...[points, count, width, count, 1],
    ],
    items: groups * points,
    operations,
  })
  host.run('distanceGradient', {
    arguments: [
      ...[...slopes, references.pointer, queries.pointer, dReferences.pointer],
      ...[count, points, width, 1, count],
    ],
    items: groups * count,
    operations,
  })
  return [dQueries, dReferences]
}

function crossEntropy(
  host: KernelHost,
  { inputs: { logits, targets }, attributes }: KernelCall<'NecoCrossEntropy', WasmArray>,
): readonly WasmArray[] {
  const { labels, ignore, smoothing } = attributes
  const { rows, columns } = toMatrixShape(logits)
  const countedRows = labels ? labels.reduce((n, label) => n + (label === ignore ? 0 : 1), 0) : rows
  const gradient = host.allocate(logits.shape)
  const rowLosses = host.allocate([rows])
  host.withConstants(labels ? [labels] : [], ([labelPointer = 0]) => {
    host.run('crossEntropy', {
      arguments: [
        ...[logits.pointer, gradient.pointer, rowLosses.pointer, toPointer(targets), labelPointer],
        ...[columns, ignore ?? 0, smoothing, countedRows === 0 ? 0 : 1 / countedRows],
        ignore === undefined ? 0 : 1,
      ],
      items: rows,
      operations: rows * columns * 20,
    })
  })
  const sum = host.view(rowLosses).reduce((total, loss) => total + loss, 0)
  host.heap.free(rowLosses.pointer)
  const loss = host.allocate([])
  host.view(loss)[0] = countedRows === 0 ? 0 : sum / countedRows
  return [loss, gradient]
}
