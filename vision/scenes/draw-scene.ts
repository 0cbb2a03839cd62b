import { type RandomStream, randomStream } from '../random/random-stream.ts'
import { paintBackdrop } from './backdrop.ts'
import { type Canvas, emptyCanvas, WORLD_SUBPIXELS } from './canvas.ts'
import { expose, type Scene } from './expose.ts'
import { paintThing } from './paint-thing.ts'
import { type Placement, placeOneThing, placeThings } from './placement.ts'

/** Changes whenever any image changes; part of the digest of a data set of Scenes. */
export const SCENES_VERSION = 1

export const SCENE_SIDE = 96

/**
 * Draws an image of 96×96 pixels with two to four things, and its exact mask. A pure function of
 * the seed, an integer in [0, 2³²). Nothing but + − × ÷, floor and square root in float64, float32
 * storage and 32-bit integer arithmetic is used, so that any language can give the same bytes.
 */
export function drawScene(seed: number): Scene {
  const random = randomStream({ seed, purpose: 'scene' })
  const canvas = emptyCanvas({ side: WORLD_SUBPIXELS, left: 0, top: 0 })
  return paint(canvas, random, () => placeThings(random))
}

/**
 * Draws a window of 48×48 pixels of the same world around one thing, and its mask. Its seeds are
 * apart from those of drawScene.
 */
export function drawWindow(seed: number): Scene {
  const random = randomStream({ seed, purpose: 'scene', indices: [1] })
  const corner = { left: random.uniformBetween(0, 0.5), top: random.uniformBetween(0, 0.5) }
  const canvas = emptyCanvas({ side: WORLD_SUBPIXELS / 2, ...corner })
  return paint(canvas, random, () => [placeOneThing(random, corner)])
}

function paint(canvas: Canvas, random: RandomStream, place: () => readonly Placement[]): Scene {
  const noiseSeed = random.uint32()
  const haze = paintBackdrop(canvas, random, noiseSeed)
  const placements = place()
  const light = { x: random.uniformBetween(-1, 1), y: random.uniformBetween(-1, 0.3) }
  const scenery = { canvas, random, noiseSeed, haze, light }
  for (const placement of placements) paintThing(scenery, placement)
  return expose(canvas, random, noiseSeed)
}
