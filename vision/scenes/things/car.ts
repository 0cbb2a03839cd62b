import { either, ellipse, rectangle, type Shape } from '../shapes.ts'
import type { Thing } from './thing.ts'

const cabin: Shape = (u, v) =>
  v > -0.55 && v < 0.05 && Math.abs(u + 0.05) < 0.42 + 0.28 * (v + 0.55)

const windows: Shape = (u, v) => {
  const across = Math.abs(u + 0.05)
  return v > -0.45 && v < -0.02 && across > 0.04 && across < 0.33 + 0.25 * (v + 0.5)
}

const hull: Shape = (u, v) =>
  u > -0.97 && u < 0.97 && v > -0.02 && v < 0.4 && !(u > 0.8 && v < 0.08)

const wheels = (radius: number): Shape =>
  either(
    ellipse({ x: -0.52, y: 0.42, rx: radius, ry: radius }),
    ellipse({ x: 0.52, y: 0.42, rx: radius, ry: radius }),
  )

export const car: Thing = () => [
  { ink: 'body', inside: cabin },
  { ink: 'pale', inside: windows },
  { ink: 'body', inside: hull, shade: (_, v) => (Math.abs(v - 0.2) < 0.035 ? 0.7 : 1) },
  { ink: 'second', inside: rectangle({ left: 0.82, top: 0.1, right: 0.97, bottom: 0.22 }) },
  { ink: 'dark', inside: wheels(0.26) },
  { ink: 'third', inside: wheels(0.12) },
]
