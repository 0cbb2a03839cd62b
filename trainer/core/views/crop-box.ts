/** A box in pixels: [x1, y1, x2, y2], the second corner outside. */
export type Box = readonly [x1: number, y1: number, x2: number, y2: number]

/** What two boxes share; where they share nothing, a box of negative width or height. */
export const intersectBoxes = (a: Box, b: Box): Box => [
  Math.max(a[0], b[0]),
  Math.max(a[1], b[1]),
  Math.min(a[2], b[2]),
  Math.min(a[3], b[3]),
]

/** Area in pixels; 0 where a side is not positive. */
export const computeBoxArea = ([x1, y1, x2, y2]: Box): number =>
  Math.max(0, x2 - x1) * Math.max(0, y2 - y1)
