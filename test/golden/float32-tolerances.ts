import { readFileSync } from 'node:fs'

/**
 * The second table of tolerances, for paths in float32. float32-errors.json holds the worst error,
 * relative to the largest value of a tensor, that PyTorch 2.15 with diffsort 0.2.0 makes in float32
 * on one x86-64 core, by file, group of cases and quantity; bench/pytorch/golden_errors.py measures
 * and prints it. Some are 1: there float32 saturates where float64 has a gradient left.
 */
const float32Errors = JSON.parse(
  readFileSync(new URL('float32-errors.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>>

/** Four units in the last place of the largest value. */
const MIN_TOLERANCE = 4 * 2 ** -23

/** Twice what PyTorch errs in this group of this file, and at least 4 ulp. */
export function float32Tolerance(file: string, group: string, quantity: string): number {
  const error = float32Errors[file]?.[group]?.[quantity]
  if (error === undefined) throw new Error(`no float32 error of ${file}, ${group}, ${quantity}`)
  return Math.max(MIN_TOLERANCE, 2 * error)
}
