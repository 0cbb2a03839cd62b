import { isIntegerParameter, type Scalar } from '../../../crds/spec/parameters.ts'
import type { Axis, Point, SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import { counterHash, counterUniform } from './counter-hash.ts'
import { sobol } from './sobol.ts'

/** What a point sets, by path. */
export type Assignment = Readonly<Record<string, Scalar>>

const countChoices = (list: readonly unknown[] | undefined): number =>
  list === undefined || list.length === 0 ? 1 : list.length

const countGridPoints = ({ points, zip = [], axes = [] }: SweepSpec): number =>
  axes.reduce(
    (product, { values }) => product * countChoices(values),
    countChoices(points) * countChoices(zip[0]?.values),
  )

/** How many points a sweep has. */
export function countPoints(spec: SweepSpec): number {
  const { method = 'Grid', count } = spec.search ?? {}
  if (method !== 'Grid') return count ?? 0
  return Math.min(countGridPoints(spec), count ?? Number.POSITIVE_INFINITY)
}

const toAssignment = (point: Point): Assignment =>
  Object.fromEntries(
    Object.entries(point).filter((entry): entry is [string, Scalar] => entry[1] !== undefined),
  )

/** Decodes by remainders: the last axis varies fastest, then the others, then zip, then points. */
function decodeGrid({ points = [], zip = [], axes = [] }: SweepSpec, number: number): Assignment {
  let rest = number
  const takeDigit = (length: number): number => {
    const digit = rest % length
    rest = Math.floor(rest / length)
    return digit
  }
  const crossed = axes.toReversed().map(({ parameter, values = [] }): [string, Scalar] => {
    const value = values[takeDigit(countChoices(values))]
    return [parameter, value ?? '']
  })
  const row = takeDigit(countChoices(zip[0]?.values))
  const zipped = zip.map(({ parameter, values }): [string, Scalar] => [
    parameter,
    values[row] ?? '',
  ])
  const point = (points[takeDigit(countChoices(points))] ?? {}) as Point
  return { ...toAssignment(point), ...Object.fromEntries([...zipped, ...crossed.toReversed()]) }
}

const interpolate = (range: { min: number; max: number; scale: Axis['scale'] }, share: number) => {
  const { min, max, scale } = range
  return scale === 'Log' ? min * (max / min) ** share : min + share * (max - min)
}

/** The value of an axis at a share in [0, 1) of its length; whole numbers are equally likely, both ends included. */
function valueAtShare({ parameter, values, min = 0, max = 1, scale }: Axis, share: number): Scalar {
  if (values !== undefined) return values[Math.floor(share * values.length)] ?? ''
  const whole = isIntegerParameter(parameter)
  const value = interpolate({ min, max: whole ? max + 1 : max, scale }, share)
  return Math.min(max, Math.max(min, whole ? Math.floor(value) : value))
}

/** The first point of Sobol is a corner, so it is left out; another seed shifts the digits. */
function computeAxisShare(spec: SweepSpec, number: number, dimension: number): number {
  const { method, seed = 0 } = spec.search ?? {}
  if (method === 'Random') return counterUniform(seed, number, dimension)
  const shift = seed === 0 ? 0 : counterHash(seed, dimension)
  return sobol(number + 1, dimension, shift)
}

/** Decodes a point by its number, from 0. Holds nothing but the point itself, however large the sweep. */
export function decodePoint(spec: SweepSpec, number: number): Assignment {
  if ((spec.search?.method ?? 'Grid') === 'Grid') return decodeGrid(spec, number)
  const entries = (spec.axes ?? []).map((axis, dimension) => [
    axis.parameter,
    valueAtShare(axis, computeAxisShare(spec, number, dimension)),
  ])
  return Object.fromEntries(entries) as Assignment
}
