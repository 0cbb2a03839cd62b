/** Whether a point lies inside; v points down. */
export type Shape = (u: number, v: number) => boolean

export interface Rectangle {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Ellipse {
  readonly x: number
  readonly y: number
  readonly rx: number
  readonly ry: number
}

export function ellipse({ x, y, rx, ry }: Ellipse): Shape {
  return (u, v) => {
    const du = (u - x) / rx
    const dv = (v - y) / ry
    return du * du + dv * dv < 1
  }
}

export const rectangle =
  ({ left, top, right, bottom }: Rectangle): Shape =>
  (u, v) =>
    u > left && u < right && v > top && v < bottom

export const both =
  (a: Shape, b: Shape): Shape =>
  (u, v) =>
    a(u, v) && b(u, v)

export const either =
  (...shapes: readonly Shape[]): Shape =>
  (u, v) => {
    for (const shape of shapes) if (shape(u, v)) return true
    return false
  }
