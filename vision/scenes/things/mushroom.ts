import { fraction } from '../portable-math.ts'
import { both, ellipse, type Shape } from '../shapes.ts'
import type { Thing } from './thing.ts'

const dome = ellipse({ x: 0, y: 0.05, rx: 0.95, ry: 0.9 })
const cap: Shape = (u, v) => v < 0.1 && dome(u, v)
const rim: Shape = (u, v) => v > 0.04 && v < 0.12 && Math.abs(u) < 0.9

export const mushroom: Thing = (random) => {
  const k = random.uniformBetween(2.2, 3.2)
  const offset = random.uniform()
  const dots: Shape = (u, v) => {
    const row = v * k + offset
    const du = fraction(u * k + offset + 0.5 * (Math.floor(row) & 1)) - 0.5
    const dv = fraction(row) - 0.5
    return du * du + dv * dv < 0.0729
  }
  return [
    {
      ink: 'third',
      inside: (u, v) => v > 0 && v < 0.95 && Math.abs(u) < 0.22 + 0.12 * v * v,
      shade: (u) => (fraction(u * 8) < 0.4 ? 0.88 : 1),
    },
    { ink: 'body', inside: cap },
    { ink: 'pale', inside: both(cap, dots) },
    { ink: 'second', inside: both(cap, rim) },
  ]
}
