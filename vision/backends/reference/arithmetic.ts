import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { at, generateArray, type ReferenceArray } from './reference-array.ts'

export function add({ inputs: { a, b } }: KernelCall<'Add', ReferenceArray>): ReferenceArray[] {
  return [generateArray(a.shape, (i) => at(a.values, i) + at(b.values, i))]
}

export function multiply({
  inputs: { a, b },
}: KernelCall<'NecoMultiply', ReferenceArray>): ReferenceArray[] {
  return [generateArray(a.shape, (i) => at(a.values, i) * at(b.values, i))]
}

export function affine({
  inputs: { x },
  attributes: { factor, offset },
}: KernelCall<'NecoAffine', ReferenceArray>): ReferenceArray[] {
  return [generateArray(x.shape, (i) => factor * at(x.values, i) + offset)]
}

export function dot({ inputs: { a, b } }: KernelCall<'NecoDot', ReferenceArray>): ReferenceArray[] {
  let sum = 0
  a.values.forEach((value, i) => {
    sum += value * at(b.values, i)
  })
  return [{ shape: [], values: Float64Array.of(sum) }]
}
