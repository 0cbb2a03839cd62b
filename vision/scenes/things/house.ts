import { fraction } from '../portable-math.ts'
import { either, rectangle } from '../shapes.ts'
import type { Thing } from './thing.ts'

const pane = rectangle({ left: 0.2, top: 0.15, right: 0.55, bottom: 0.5 })
const bars = either(
  rectangle({ left: 0.35, top: 0.15, right: 0.4, bottom: 0.5 }),
  rectangle({ left: 0.2, top: 0.3, right: 0.55, bottom: 0.35 }),
)

export const house: Thing = (random) => {
  const k = random.uniformBetween(5, 7)
  const door = random.uniformBetween(-0.45, 0.05)
  const bricks = (u: number, v: number) => {
    const joint = fraction(v * k) < 0.18
    return joint || fraction(u * k * 0.5 + 0.5 * (Math.floor(v * k) & 1)) < 0.1 ? 0.65 : 1
  }
  return [
    { ink: 'third', inside: rectangle({ left: 0.3, top: -0.9, right: 0.52, bottom: -0.3 }) },
    {
      ink: 'body',
      inside: rectangle({ left: -0.72, top: -0.15, right: 0.72, bottom: 0.95 }),
      shade: bricks,
    },
    {
      ink: 'second',
      inside: (u, v) => v > -0.85 && v < -0.1 && Math.abs(u) < (0.95 * (v + 0.85)) / 0.75,
      shade: (_, v) => (fraction(v * 6) < 0.3 ? 0.85 : 1),
    },
    {
      ink: 'third',
      inside: rectangle({ left: door, top: 0.35, right: door + 0.32, bottom: 0.95 }),
    },
    { ink: 'pale', inside: pane },
    { ink: 'third', inside: bars },
  ]
}
