import { arcSineHalfTurns, fraction } from '../portable-math.ts'
import { ellipse, rectangle, type Shape } from '../shapes.ts'
import type { Thing } from './thing.ts'

const globe = ellipse({ x: 0, y: -0.25, rx: 0.7, ry: 0.73 })
const envelope: Shape = (u, v) =>
  globe(u, v) || (v > 0.2 && v < 0.55 && Math.abs(u) < 0.62 - 0.95 * (v - 0.2))

const ropes: Shape = (u, v) =>
  v > 0.4 && v < 0.75 && (Math.abs(u - 0.2) < 0.025 || Math.abs(u + 0.2) < 0.025)

/** Half the width of the globe at a height, never zero. */
function halfWidth(v: number): number {
  const height = (v + 0.25) / 0.75
  return 0.72 * Math.sqrt(Math.max(1e-3, 1 - height * height))
}

export const balloon: Thing = (random) => {
  const k = random.uniformBetween(2.2, 3.2)
  const gores: Shape = (u, v) => fraction(arcSineHalfTurns(u / halfWidth(v)) * k) < 0.5
  return [
    { ink: 'dark', inside: ropes },
    { ink: 'body', inside: envelope },
    { ink: 'second', inside: (u, v) => envelope(u, v) && gores(u, v) },
    {
      ink: 'third',
      inside: rectangle({ left: -0.22, top: 0.7, right: 0.22, bottom: 0.98 }),
      shade: (u, v) => ((Math.floor(u * 12) + Math.floor(v * 12)) & 1 ? 0.75 : 1),
    },
  ]
}
