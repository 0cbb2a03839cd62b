import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { errorFunction } from '../../sorting/error-function.ts'
import { at, generateArray, type ReferenceArray } from './reference-array.ts'

const INVERSE_SQRT_TWO_PI = 0.3989422804014327

/** x · Φ(x) with the exact normal distribution function. */
export function gelu(x: number): number {
  return x * normalCdf(x)
}

export function geluDerivative(x: number): number {
  return normalCdf(x) + x * INVERSE_SQRT_TWO_PI * Math.exp(-0.5 * x * x)
}

export function swiGlu({
  inputs: { gate, value },
}: KernelCall<'NecoSwiGlu', ReferenceArray>): ReferenceArray[] {
  return [
    generateArray(gate.shape, (i) => {
      const g = at(gate.values, i)
      return g * sigmoid(g) * at(value.values, i)
    }),
  ]
}

export function swiGluGradient({
  inputs: { dy, gate, value },
}: KernelCall<'NecoSwiGluGradient', ReferenceArray>): ReferenceArray[] {
  const gateGradient = generateArray(gate.shape, (i) => {
    const g = at(gate.values, i)
    const s = sigmoid(g)
    return at(dy.values, i) * at(value.values, i) * s * (1 + g * (1 - s))
  })
  const valueGradient = generateArray(gate.shape, (i) => {
    const g = at(gate.values, i)
    return at(dy.values, i) * g * sigmoid(g)
  })
  return [gateGradient, valueGradient]
}

function normalCdf(x: number): number {
  return 0.5 * (1 + errorFunction(x * Math.SQRT1_2))
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x))
}
