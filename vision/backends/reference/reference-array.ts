/** How the reference backend holds a tensor: float64 whatever tfjs calls it. */
export interface ReferenceArray {
  readonly shape: readonly number[]
  readonly values: Float64Array
}

export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1)
}

export function zeros(shape: readonly number[]): ReferenceArray {
  return { shape, values: new Float64Array(countElements(shape)) }
}

/** A new array with element i = f(i). */
export function generateArray(
  shape: readonly number[],
  f: (index: number) => number,
): ReferenceArray {
  const result = zeros(shape)
  for (let i = 0; i < result.values.length; i++) result.values[i] = f(i)
  return result
}

/** Element by index; the indices of kernels are in range by construction. */
export function at(values: Float64Array, index: number): number {
  return values[index] as number
}

export function addTo(values: Float64Array, index: number, amount: number): void {
  values[index] = at(values, index) + amount
}

export function lastDimension(shape: readonly number[]): number {
  return shape.at(-1) ?? 1
}

/** Extents of [rows, columns] when all leading axes are taken as rows. */
export function toMatrixShape(array: ReferenceArray): { rows: number; columns: number } {
  const columns = lastDimension(array.shape)
  return { rows: array.values.length / columns, columns }
}
