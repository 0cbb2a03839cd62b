import { valueNoise } from '../lattice-noise.ts'
import { either, ellipse, type Shape } from '../shapes.ts'
import type { Thing } from './thing.ts'

const trunk = ellipse({ x: 0, y: 0, rx: 0.1, ry: 0.72 })

/** The body and the two feelers that lean outwards from its top. */
const body: Shape = (u, v) => {
  const across = Math.abs(u)
  const feeler = v > -0.95 && v < -0.6 && across > 0 && across < 0.3
  return trunk(u, v) || (feeler && Math.abs(across - 0.02 - (-0.6 - v) * 0.7) < 0.04)
}

/** The left half is the mirror image of the right one. */
const mirrored =
  (shape: Shape): Shape =>
  (u, v) =>
    shape(Math.abs(u), v)

export const butterfly: Thing = (random, noiseSeed) => {
  const spread = random.uniformBetween(0.75, 1)
  const wings = either(
    ellipse({ x: 0.48, y: -0.38, rx: 0.46 * spread, ry: 0.48 }),
    ellipse({ x: 0.4, y: 0.42, rx: 0.36 * spread, ry: 0.42 }),
  )
  const fields = either(
    ellipse({ x: 0.48, y: -0.38, rx: 0.36 * spread, ry: 0.38 }),
    ellipse({ x: 0.4, y: 0.42, rx: 0.26 * spread, ry: 0.31 }),
  )
  const spots = either(
    ellipse({ x: 0.52, y: -0.45, rx: 0.15, ry: 0.16 }),
    ellipse({ x: 0.42, y: 0.45, rx: 0.12, ry: 0.13 }),
  )
  return [
    { ink: 'body', inside: mirrored(wings) },
    {
      ink: 'second',
      inside: mirrored(fields),
      shade: (u, v) => 0.75 + 0.4 * valueNoise(Math.abs(u) * 6 + 3, v * 6 + 7, noiseSeed),
    },
    { ink: 'third', inside: mirrored(spots) },
    { ink: 'dark', inside: body },
  ]
}
