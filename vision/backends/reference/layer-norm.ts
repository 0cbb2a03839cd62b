import type { KernelCall } from '../kernel-signatures.ts'
import { addTo, arrayOf, at, type ReferenceArray, rowsOf, zeros } from './reference-array.ts'

export function layerNorm({
  inputs: { x, gamma, beta },
  attributes: { eps },
}: KernelCall<'NecoLayerNorm', ReferenceArray>): ReferenceArray[] {
  const { rows, columns } = rowsOf(x)
  const mean = arrayOf([rows], (row) => rowMean(columns, (d) => at(x.values, row * columns + d)))
  const deviation = arrayOf([rows], (row) => {
    const centre = at(mean.values, row)
    const variance = rowMean(columns, (d) => (at(x.values, row * columns + d) - centre) ** 2)
    return 1 / Math.sqrt(variance + eps)
  })
  const y = arrayOf(x.shape, (i) => {
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
  const { rows, columns } = rowsOf(x)
  const dx = zeros(x.shape)
  const dGamma = zeros(gamma.shape)
  const dBeta = zeros(gamma.shape)
  for (let row = 0; row < rows; row++) {
    const scale = at(deviation.values, row)
    const start = row * columns
    const normal = (d: number): number => (at(x.values, start + d) - at(mean.values, row)) * scale
    const scaled = (d: number): number => at(dy.values, start + d) * at(gamma.values, d)
    const meanOfScaled = rowMean(columns, scaled)
    const meanOfProduct = rowMean(columns, (d) => scaled(d) * normal(d))
    for (let d = 0; d < columns; d++) {
      dx.values[start + d] = scale * (scaled(d) - meanOfScaled - normal(d) * meanOfProduct)
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
