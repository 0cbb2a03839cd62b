/**
 * One comparator of a layer: α = f(x[b] − x[a]) is the weight of wire a in the soft minimum,
 * which continues in wire `minimum`; the soft maximum continues in wire `maximum`.
 * a = b is a wire that passes through unchanged.
 */
export interface Comparator {
  readonly a: number
  readonly b: number
  readonly minimum: number
  readonly maximum: number
}

/** The comparators of a layer act on its input all at once. */
export type Layer = readonly Comparator[]

/** A wire that this layer leaves alone. */
export function passThrough(wire: number): Comparator {
  return { a: wire, b: wire, minimum: wire, maximum: wire }
}
