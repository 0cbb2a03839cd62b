import type { KernelCall } from '../../ops/kernel-signatures.ts'
import {
  addTo,
  at,
  generateArray,
  type ReferenceArray,
  toMatrixShape,
  zeros,
} from './reference-array.ts'

export function layerNorm({
  inputs: { x, gamma, beta },
  attributes: { eps },
}: KernelCall<'NecoLayerNorm', ReferenceArray>): ReferenceArray[] {
  const { rows, columns } = toMatrixShape(x)
  const mean = generateArray([rows], (row) =>
    rowMean(columns, (d) => at(x.values, row * columns + d)),
  )
  const deviation = generateArray([rows], (row) => {
    const center = at(mean.values, row)
    const variance = rowMean(columns, (d) => (at(x.values, row * columns + d) - center) ** 2)
    return 1 / Math.sqrt(variance + eps)
  })
  const y = generateArray(x.shape, (i) => {
    const row = Math.floor(i / columns)
    const d = i % columns
    const normal = (at(x.values, i) - at(mean.values, row)) * at(deviation.values, row)
    return normal * at(gamma.values, d) + at(beta.values, d)
  })
  return [y, mean, deviation]
}

export function layerNormGradient({
  inputs,
}: KernelCall<'NecoLayerNormGradient', ReferenceArray>): ReferenceArray[] {
  const { dy, x, gamma, mean, deviation } = inputs
  const { rows, columns } = toMatrixShape(x)
  const dx = zeros(x.shape)
  const dGamma = zeros(gamma.shape)
  const dBeta = zeros(gamma.shape)
  for (let row = 0; row < rows; row++) {
    const scale = at(deviation.values, row)
    const start = row * columns
    const normal = (d: number): number => (at(x.values, start + d) - at(mean.values, row)) * scale
    const scaled = (d: number): number => at(dy.values, start + d) * at(gamma.values, d)
    const scaledMean = rowMean(columns, scaled)
    const productMean = rowMean(columns, (d) => scaled(d) * normal(d))
    for (let d = 0; d < columns; d++) {
      dx.values[start + d] = scale * (scaled(d) - scaledMean - normal(d) * productMean)
      addTo(dGamma.values, d, at(dy.values, start + d) * normal(d))
      addTo(dBeta.values, d, at(dy.values, start + d))
    }
  }
  return [dx, dGamma, dBeta]
}

function rowMean(columns: number, f: (column: number) => number): number {
  let sum = 0
  for (let d = 0; d < columns; d++) sum += f(d)
  return sum / columns
}
