import type { KernelCall } from '../../ops/kernel-signatures.ts'
import {
  addTo,
  at,
  countElements,
  generateArray,
  lastDimension,
  type ReferenceArray,
  toMatrixShape,
  zeros,
} from './reference-array.ts'

export function residualScale({
  inputs: { x, branch, gamma, sampleScale },
}: KernelCall<'NecoResidualScale', ReferenceArray>): ReferenceArray[] {
  const factor = buildBranchFactor(branch, gamma, sampleScale)
  return [generateArray(x.shape, (i) => at(x.values, i) + at(branch.values, i) * factor(i))]
}

export function residualScaleGradient({
  inputs: { dy, branch, gamma, sampleScale },
}: KernelCall<'NecoResidualScaleGradient', ReferenceArray>): ReferenceArray[] {
  const factor = buildBranchFactor(branch, gamma, sampleScale)
  const dBranch = generateArray(dy.shape, (i) => at(dy.values, i) * factor(i))
  if (!gamma) return [dBranch]
  const sampleFactor = buildBranchFactor(branch, undefined, sampleScale)
  const dGamma = zeros(gamma.shape)
  dy.values.forEach((value, i) => {
    addTo(dGamma.values, i % gamma.values.length, value * at(branch.values, i) * sampleFactor(i))
  })
  return [dBranch, dGamma]
}

function buildBranchFactor(
  branch: ReferenceArray,
  gamma: ReferenceArray | undefined,
  sampleScale: ReferenceArray | undefined,
): (index: number) => number {
  const width = lastDimension(branch.shape)
  const sample = branch.values.length / (sampleScale?.values.length ?? 1)
  return (i) =>
    (gamma ? at(gamma.values, i % width) : 1) *
    (sampleScale ? at(sampleScale.values, Math.floor(i / sample)) : 1)
}

export function addRow({
  inputs: { x, row },
}: KernelCall<'NecoAddRow', ReferenceArray>): ReferenceArray[] {
  return [generateArray(x.shape, (i) => at(x.values, i) + at(row.values, i % row.values.length))]
}

export function concat({
  inputs,
  attributes: { outer, shape },
}: KernelCall<'NecoConcat', ReferenceArray>): ReferenceArray[] {
  const result = zeros(shape)
  let place = 0
  for (let block = 0; block < outer; block++) {
    for (const part of Object.values(inputs)) {
      const inner = part.values.length / outer
      result.values.set(part.values.subarray(block * inner, (block + 1) * inner), place)
      place += inner
    }
  }
  return [result]
}

export function sparseRows({
  inputs: { x },
  attributes: { matrix },
}: KernelCall<'NecoSparseRows', ReferenceArray>): ReferenceArray[] {
  const { columns } = toMatrixShape(x)
  const result = zeros([matrix.rows, columns])
  for (let row = 0; row < matrix.rows; row++) {
    const end = matrix.indptr[row + 1] as number
    for (let entry = matrix.indptr[row] as number; entry < end; entry++) {
      const source = (matrix.indices[entry] as number) * columns
      const weight = at(matrix.values, entry)
      for (let d = 0; d < columns; d++) {
        addTo(result.values, row * columns + d, weight * at(x.values, source + d))
      }
    }
  }
  return [result]
}

export function normalizeRows({
  inputs: { x },
  attributes: { eps },
}: KernelCall<'NecoNormalizeRows', ReferenceArray>): ReferenceArray[] {
  const { rows, columns } = toMatrixShape(x)
  const norms = generateArray([rows], (row) => Math.sqrt(dotRow({ a: x, b: x, row, columns })))
  const y = generateArray(
    x.shape,
    (i) => at(x.values, i) / Math.max(at(norms.values, Math.floor(i / columns)), eps),
  )
  return [y, norms]
}

/** Below eps the divisor is the constant eps, so the projection drops out (torch clamp_min). */
export function normalizeRowsGradient({
  inputs: { dy, y, norms },
  attributes: { eps },
}: KernelCall<'NecoNormalizeRowsGradient', ReferenceArray>): ReferenceArray[] {
  const { rows, columns } = toMatrixShape(y)
  const along = generateArray([rows], (row) =>
    at(norms.values, row) < eps ? 0 : dotRow({ a: dy, b: y, row, columns }),
  )
  return [
    generateArray(y.shape, (i) => {
      const row = Math.floor(i / columns)
      const tangent = at(dy.values, i) - at(y.values, i) * at(along.values, row)
      return tangent / Math.max(at(norms.values, row), eps)
    }),
  ]
}

function dotRow(pair: {
  a: ReferenceArray
  b: ReferenceArray
  row: number
  columns: number
}): number {
  const start = pair.row * pair.columns
  let sum = 0
  for (let i = start; i < start + pair.columns; i++) {
    sum += at(pair.a.values, i) * at(pair.b.values, i)
  }
  return sum
}

export function fill({
  attributes: { shape, value },
}: KernelCall<'NecoFill', ReferenceArray>): ReferenceArray[] {
  return [{ shape, values: new Float64Array(countElements(shape)).fill(value) }]
}
