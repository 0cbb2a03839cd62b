import type { RandomStream } from '../random/random-stream.ts'
import { thingClasses } from './scene-classes.ts'

/** Where one thing stands and how it is turned; lengths in world units. */
export interface Placement {
  readonly x: number
  readonly y: number
  /** Half of its size: 0.18 to 0.32 is 17 to 31 pixels of 96. */
  readonly halfSize: number
  /** Index into `thingClasses`. */
  readonly kind: number
  /** Radians. */
  readonly turn: number
  readonly mirrored: boolean
  /** Factor on width ÷ height. */
  readonly stretch: number
}

type Spot = Pick<Placement, 'x' | 'y' | 'halfSize'>

const maxAttempts = 12

/** Two to four things, fewer when the image is full; far ones (higher up) first. */
export function placeThings(random: RandomStream): readonly Placement[] {
  const placed: Placement[] = []
  const wanted = 2 + random.int(3)
  for (let i = 0; i < wanted; i++) {
    const spot = freeSpot(random, placed)
    if (spot) placed.push(drawPose(random, spot))
  }
  return placed.sort((a, b) => a.y - b.y)
}

/** One thing near the middle of a window of half the world's side. */
export function placeOneThing(
  random: RandomStream,
  corner: { left: number; top: number },
): Placement {
  const x = corner.left + 0.25 + random.uniformBetween(-0.06, 0.06)
  const y = corner.top + 0.25 + random.uniformBetween(-0.06, 0.06)
  return drawPose(random, { x, y, halfSize: random.uniformBetween(0.17, 0.27) })
}

function freeSpot(random: RandomStream, placed: readonly Spot[]): Spot | undefined {
  const halfSize = random.uniformBetween(0.18, 0.32)
  for (let i = 0; i < maxAttempts; i++) {
    const spot = {
      x: random.uniformBetween(0.1, 0.9),
      y: random.uniformBetween(0.15, 0.88),
      halfSize,
    }
    if (placed.every((other) => areApart(spot, other))) return spot
  }
  return undefined
}

/** Things may overlap a little: their centers are three quarters of their half sizes apart. */
function areApart(a: Spot, b: Spot): boolean {
  const [dx, dy] = [a.x - b.x, a.y - b.y]
  const least = 0.75 * (a.halfSize + b.halfSize)
  return dx * dx + dy * dy > least * least
}

function drawPose(random: RandomStream, spot: Spot): Placement {
  return {
    ...spot,
    kind: random.int(thingClasses.length),
    turn: random.uniformBetween(-0.35, 0.35),
    mirrored: random.int(2) === 1,
    stretch: random.uniformBetween(0.85, 1.15),
  }
}
