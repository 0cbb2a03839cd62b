import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { addTo, at, type ReferenceArray, toMatrixShape, zeros } from './reference-array.ts'

type Call = KernelCall<'NecoCrossEntropy', ReferenceArray>

/** Mean over the rows that are not ignored; no such row gives 0. */
export function crossEntropy({ inputs, attributes }: Call): ReferenceArray[] {
  const { logits } = inputs
  const { rows, columns } = toMatrixShape(logits)
  const countedRows = selectCountedRows(attributes, rows)
  const gradient = zeros(logits.shape)
  let loss = 0
  for (const row of countedRows) {
    const scores = logits.values.subarray(row * columns, (row + 1) * columns)
    const largest = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
    const sum = scores.reduce((total, score) => total + Math.exp(score - largest), 0)
    const logSum = largest + Math.log(sum)
    const target = buildTarget({ inputs, attributes }, row, columns)
    const mass = scores.reduce((total, _, column) => total + target(column), 0)
    scores.forEach((score, column) => {
      loss += target(column) * (logSum - score)
      const slope = mass * Math.exp(score - logSum) - target(column)
      addTo(gradient.values, row * columns + column, slope / countedRows.length)
    })
  }
  return [
    {
      shape: [],
      values: Float64Array.of(countedRows.length === 0 ? 0 : loss / countedRows.length),
    },
    gradient,
  ]
}

function selectCountedRows(
  { labels, ignore }: Call['attributes'],
  rows: number,
): readonly number[] {
  const all = Array.from({ length: rows }, (_, row) => row)
  return labels ? all.filter((row) => labels[row] !== ignore) : all
}

function buildTarget(
  { inputs: { targets }, attributes: { labels, smoothing } }: Call,
  row: number,
  columns: number,
): (column: number) => number {
  if (targets) return (column) => at(targets.values, row * columns + column)
  const label = labels?.[row]
  return (column) => smoothing / columns + (column === label ? 1 - smoothing : 0)
}
