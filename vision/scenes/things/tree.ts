import { valueNoise } from '../lattice-noise.ts'
import { fraction } from '../portable-math.ts'
import { either, ellipse, rectangle } from '../shapes.ts'
import type { Thing } from './thing.ts'

const trunk = rectangle({ left: -0.12, top: 0.1, right: 0.12, bottom: 0.98 })

export const tree: Thing = (random, noiseSeed) => {
  const left = random.uniformBetween(0.38, 0.5)
  const bark = (u: number, v: number) =>
    fraction(u * 14 + valueNoise(u * 3, v * 5 + 9, noiseSeed)) < 0.4 ? 0.75 : 1
  const leaves = (u: number, v: number) =>
    0.65 + 0.7 * valueNoise(u * 7 + 20, v * 7 + 20, noiseSeed)
  const crown = either(
    ellipse({ x: -0.42, y: -0.05, rx: left, ry: 0.42 }),
    ellipse({ x: 0.42, y: -0.08, rx: 0.45, ry: 0.4 }),
    ellipse({ x: 0, y: -0.48, rx: 0.5, ry: 0.48 }),
  )
  return [
    { ink: 'second', inside: trunk, shade: bark },
    { ink: 'body', inside: crown, shade: leaves },
  ]
}
