import type { Assignment, ParameterValue, SearchAxis, SearchSpace } from './search-method.ts'

const interpolate = (
  range: { min: number; max: number; scale: SearchAxis['scale'] },
  share: number,
): number => {
  const { min, max, scale } = range
  return scale === 'Log' ? min * (max / min) ** share : min + share * (max - min)
}

/** The value of an axis at a share in [0, 1) of its length; integers are equally likely. */
function valueAtShare(axis: SearchAxis, share: number): ParameterValue {
  const { values, min = 0, max = 1, scale, isInteger = false } = axis
  if (values !== undefined) return values[Math.floor(share * values.length)] ?? ''
  const value = interpolate({ min, max: isInteger ? max + 1 : max, scale }, share)
  return Math.min(max, Math.max(min, isInteger ? Math.floor(value) : value))
}

/** Assigns each axis its value at a share in [0, 1), which is computed by the index of the axis. */
export const sampleAxes = (
  { axes = [] }: SearchSpace,
  computeShare: (dimension: number) => number,
): Assignment =>
  Object.fromEntries(
    axes.map((axis, dimension) => [axis.parameter, valueAtShare(axis, computeShare(dimension))]),
  )
