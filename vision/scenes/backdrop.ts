import type { RandomStream } from '../random/random-stream.ts'
import {
  type Bounds,
  type Canvas,
  everywhere,
  setColor,
  shadePixel,
  visitPixels,
} from './canvas.ts'
import { blend, type Color, randomColor } from './colors.ts'
import { valueNoise } from './lattice-noise.ts'
import { buildPattern, choosePattern, type PatternName } from './pattern.ts'
import { clamp, wave } from './portable-math.ts'
import { either, ellipse, rectangle, type Shape } from './shapes.ts'

type Place = 'Outdoor' | 'Sea' | 'Room'
const places: readonly Place[] = ['Outdoor', 'Sea', 'Room']

/** What a backdrop is painted with. */
interface Painting {
  readonly canvas: Canvas
  readonly random: RandomStream
  readonly noiseSeed: number
  readonly place: Place
  /** World height of the line where the floor begins. */
  readonly horizon: number
}

/**
 * Paints sky, sea or wall, hills, clouds or paintings, the floor and small clutter; gives the haze
 * color.
 */
export function paintBackdrop(canvas: Canvas, random: RandomStream, noiseSeed: number): Color {
  const horizon = random.uniformBetween(0.4, 0.75)
  const place = places[random.int(3)] ?? 'Outdoor'
  const painting: Painting = { canvas, random, noiseSeed, place, horizon }
  const haze = paintSky(painting)
  if (place === 'Room') paintWallPattern(painting)
  if (place === 'Outdoor') paintHills(painting)
  paintClouds(painting)
  paintFloor(painting)
  paintClutter(painting)
  return haze
}

function paintSky({ canvas, random, horizon }: Painting): Color {
  const high = randomColor(random, { saturation: [0.05, 0.35], value: [0.7, 1] })
  const low = randomColor(random, { saturation: [0.05, 0.35], value: [0.65, 1] })
  let row = -1
  let color = high
  visitPixels(canvas, everywhere, (_, y, pixel) => {
    if (y !== row) color = blend(high, low, clamp(y / horizon, 0, 1))
    row = y
    setColor(canvas, pixel, color)
  })
  return low
}

function paintWallPattern({ canvas, random, noiseSeed }: Painting): void {
  const strength = random.uniformBetween(0.04, 0.12)
  const name = choosePattern(random)
  const [dx, dy] = [random.uniform(), random.uniform()]
  const paper = buildPattern(name, { frequency: random.uniformBetween(5, 14), seed: noiseSeed + 1 })
  visitPixels(canvas, everywhere, (x, y, pixel) => {
    shadePixel(canvas, pixel, 1 - strength * paper(x + dx, y + dy))
  })
}

function paintHills({ canvas, random, noiseSeed, horizon }: Painting): void {
  const hills = random.int(3)
  for (let hill = 0; hill < hills; hill++) {
    const height = random.uniformBetween(0.03, 0.25)
    const frequency = random.uniformBetween(2, 6)
    const shift = random.uniformBetween(0, 50)
    const color = randomColor(random, { saturation: [0.1, 0.35], value: [0.5, 0.85] })
    const bounds = { ...everywhere, top: horizon - height }
    visitPixels(canvas, bounds, (x, y, pixel) => {
      const top = horizon - height * valueNoise(x * frequency + shift, hill, noiseSeed + 2)
      if (y > top) setColor(canvas, pixel, color)
    })
  }
}

/** Clouds under the sky, or paintings on a wall: clutter that belongs to no class. */
function paintClouds({ canvas, random, horizon, place }: Painting): void {
  const count = random.int(place === 'Room' ? 2 : 4)
  for (let i = 0; i < count; i++) {
    const [x, y, w] = [
      random.uniform(),
      random.uniformBetween(0, horizon * 0.8),
      random.uniformBetween(0.05, 0.14),
    ]
    const color = randomColor(random, { saturation: [0, 0.4], value: [0.7, 1] })
    const cloud = either(
      ellipse({ x, y, rx: w, ry: w * 0.45 }),
      ellipse({ x: x + w * 0.5, y: y - w * 0.25, rx: w * 0.6, ry: w * 0.4 }),
    )
    const frame = rectangle({ left: x - w, top: y - w * 0.7, right: x + w, bottom: y + w * 0.7 })
    const bounds = { left: x - w, top: y - w, right: x + 1.2 * w, bottom: y + w }
    paintShape(canvas, { bounds, shape: place === 'Room' ? frame : cloud, color })
  }
}

function floorPattern({ random, place }: Painting): PatternName {
  if (place === 'Sea') return 'Ripples'
  return place === 'Outdoor' ? 'Clouds' : choosePattern(random)
}

function paintFloor(painting: Painting): void {
  const { canvas, random, noiseSeed, place, horizon } = painting
  const color = randomColor(random, { saturation: [0.08, 0.38], value: [0.45, 0.9] })
  const frequency = random.uniformBetween(5, 14)
  const strength = random.uniformBetween(0.05, 0.16)
  const ground = buildPattern(floorPattern(painting), { frequency, seed: noiseSeed + 3 })
  const [dx, dy] = [random.uniform(), random.uniform()]
  const [turns, phase] = [random.uniformBetween(0.64, 1.91), random.uniform()]
  const swell = place === 'Room' ? 0 : 0.02
  visitPixels(canvas, { ...everywhere, top: horizon - swell }, (x, y, pixel) => {
    if (y <= horizon + swell * wave(x * turns + phase)) return
    const grain = 0.9 + 0.2 * valueNoise(x * 9, y * 9, noiseSeed + 4)
    setColor(canvas, pixel, color)
    shadePixel(canvas, pixel, (1 - strength * ground(x + dx, y + dy)) * grain)
  })
}

/** Pebbles, boxes and tufts on the floor. */
function paintClutter({ canvas, random, horizon }: Painting): void {
  const count = random.int(5)
  for (let i = 0; i < count; i++) {
    const [x, y, w] = [
      random.uniform(),
      random.uniformBetween(horizon, 1),
      random.uniformBetween(0.015, 0.06),
    ]
    const color = randomColor(random, { saturation: [0.1, 0.5], value: [0.4, 0.95] })
    const shapes: readonly Shape[] = [
      ellipse({ x, y, rx: w, ry: w * 0.7 }),
      rectangle({ left: x - w, top: y - w, right: x + w, bottom: y + w }),
      (px, py) => py > y - 2 * w && py < y && Math.abs(px - x) < (py - y + 2 * w) * 0.5,
    ]
    const shape = shapes[random.int(3)]
    const bounds = { left: x - w, top: y - 2 * w, right: x + w, bottom: y + w }
    if (shape) paintShape(canvas, { bounds, shape, color })
  }
}

function paintShape(
  canvas: Canvas,
  { bounds, shape, color }: { bounds: Bounds; shape: Shape; color: Color },
): void {
  visitPixels(canvas, bounds, (x, y, pixel) => {
    if (shape(x, y)) setColor(canvas, pixel, color)
  })
}
