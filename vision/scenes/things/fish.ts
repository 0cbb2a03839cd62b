import { fraction } from '../portable-math.ts'
import { ellipse } from '../shapes.ts'
import type { Thing } from './thing.ts'

const upperFin = ellipse({ x: -0.05, y: -0.38, rx: 0.3, ry: 0.25 })

export const fish: Thing = (random) => {
  const k = random.uniformBetween(5, 8)
  const scales = (u: number, v: number) => {
    const du = fraction(u * k * 0.5 + 0.5 * (Math.floor(v * k) & 1)) - 0.5
    const dv = fraction(v * k) - 0.2
    return du * du + dv * dv > 0.1764 ? 0.65 : 1
  }
  return [
    { ink: 'second', inside: (u, v) => u > 0.45 && u < 0.98 && Math.abs(v) < (u - 0.3) * 0.75 },
    { ink: 'second', inside: (u, v) => v < -0.2 && upperFin(u, v) },
    { ink: 'body', inside: ellipse({ x: -0.2, y: 0, rx: 0.76, ry: 0.46 }), shade: scales },
    { ink: 'pale', inside: ellipse({ x: -0.62, y: -0.1, rx: 0.11, ry: 0.11 }) },
    { ink: 'dark', inside: ellipse({ x: -0.64, y: -0.1, rx: 0.055, ry: 0.055 }) },
  ]
}
