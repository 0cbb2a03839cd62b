import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { gelu, geluDerivative } from './activations.ts'
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

type Call<Name extends 'NecoLinear' | 'NecoMatMul' | 'NecoColumnSum'> = KernelCall<
  Name,
  ReferenceArray
>

export function linear({ inputs, attributes }: Call<'NecoLinear'>): ReferenceArray[] {
  const { x, weight, bias } = inputs
  const { rows, columns } = toMatrixShape(x)
  const outputs = weight.shape[0] as number
  const shape = [...x.shape.slice(0, -1), outputs]
  const product = multiply({
    a: { values: x.values, rowStep: columns, columnStep: 1, offset: 0 },
    b: { values: weight.values, rowStep: 1, columnStep: columns, offset: 0 },
    extents: [rows, columns, outputs],
  })
  if (bias) for (let i = 0; i < product.length; i++) addTo(product, i, at(bias.values, i % outputs))
  const linearPart = { shape, values: product }
  if (attributes.activation === 'None') return [linearPart]
  const activated = generateArray(shape, (i) => gelu(at(product, i)))
  if (!attributes.keepSlopes) return [activated]
  return [activated, generateArray(shape, (i) => geluDerivative(at(product, i)))]
}

export function matMul({ inputs: { a, b }, attributes }: Call<'NecoMatMul'>): ReferenceArray[] {
  const [aRows, aColumns] = lastTwoDimensions(a)
  const [bRows, bColumns] = lastTwoDimensions(b)
  const [m, k] = attributes.transposeA ? [aColumns, aRows] : [aRows, aColumns]
  const n = attributes.transposeB ? bRows : bColumns
  const groups = a.values.length / (aRows * aColumns)
  const result = zeros([...a.shape.slice(0, -2), m, n])
  for (let group = 0; group < groups; group++) {
    const product = multiply({
      a: toOperand(a, group * aRows * aColumns, attributes.transposeA),
      b: toOperand(b, group * bRows * bColumns, attributes.transposeB),
      extents: [m, k, n],
    })
    result.values.set(product, group * m * n)
  }
  return [result]
}

export function columnSum({ inputs: { x }, attributes }: Call<'NecoColumnSum'>): ReferenceArray[] {
  const sum = zeros(attributes.shape)
  const columns = countElements(attributes.shape)
  x.values.forEach((value, i) => {
    addTo(sum.values, i % columns, value)
  })
  return [sum]
}

interface Operand {
  readonly values: Float64Array
  readonly offset: number
  readonly rowStep: number
  readonly columnStep: number
}

function multiply(product: {
  a: Operand
  b: Operand
  extents: readonly [m: number, k: number, n: number]
}): Float64Array {
  const { a, b } = product
  const [m, k, n] = product.extents
  const c = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    for (let p = 0; p < k; p++) {
      const left = at(a.values, a.offset + i * a.rowStep + p * a.columnStep)
      const row = b.offset + p * b.rowStep
      for (let j = 0; j < n; j++) addTo(c, i * n + j, left * at(b.values, row + j * b.columnStep))
    }
  }
  return c
}

function toOperand(array: ReferenceArray, offset: number, transpose: boolean): Operand {
  const columns = lastDimension(array.shape)
  const steps = transpose
    ? { rowStep: 1, columnStep: columns }
    : { rowStep: columns, columnStep: 1 }
  return { values: array.values, offset, ...steps }
}

function lastTwoDimensions(array: ReferenceArray): readonly [number, number] {
  return [array.shape.at(-2) ?? 1, lastDimension(array.shape)]
}
