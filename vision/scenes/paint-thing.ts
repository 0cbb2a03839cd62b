import type { RandomStream } from '../random/random-stream.ts'
import { type Bounds, type Canvas, setColor, shadePixel, visitPixels } from './canvas.ts'
import { blend, type Color, randomColor, tintedColor } from './colors.ts'
import { buildPattern, choosePattern, type Pattern } from './pattern.ts'
import type { Placement } from './placement.ts'
import { smallRotation } from './portable-math.ts'
import { type ThingClass, thingClasses } from './scene-classes.ts'
import { ellipse } from './shapes.ts'
import type { Ink, Part } from './things/thing.ts'

/** What all things of an image share. */
export interface Scenery {
  readonly canvas: Canvas
  readonly random: RandomStream
  readonly noiseSeed: number
  readonly haze: Color
  /** Direction of the light. */
  readonly light: { readonly x: number; readonly y: number }
}

/** One instance, ready to be painted. */
interface Instance {
  readonly parts: readonly Part[]
  readonly inks: Readonly<Record<Ink, Color>>
  readonly label: number
  /** Class-free pattern on the body, at full strength 0.3. */
  readonly pattern: Pattern | undefined
}

/** Paints a thing with its shadow and writes its class into the labels. */
export function paintThing(scenery: Scenery, placement: Placement): void {
  const kind = thingClasses[placement.kind]
  if (!kind) throw new RangeError(`no class of things has the index ${placement.kind}`)
  castShadow(scenery, placement)
  paintParts(scenery, { placement, kind, instance: drawInstance(scenery, placement, kind) })
}

function drawInstance(scenery: Scenery, placement: Placement, kind: ThingClass): Instance {
  const { random, noiseSeed } = scenery
  const inks = chooseInks(scenery, kind)
  const patterned = random.int(5) === 0
  const name = choosePattern(random)
  const frequency = random.uniformBetween(2, 4)
  return {
    parts: kind.draw(random, noiseSeed + 7 + placement.kind).toReversed(),
    inks,
    label: placement.kind + 1,
    pattern: patterned ? buildPattern(name, { frequency, seed: noiseSeed + 5 }) : undefined,
  }
}

function chooseInks({ random, haze }: Scenery, kind: ThingClass): Instance['inks'] {
  const distance = random.uniformBetween(0, 0.15)
  const hazy = (color: Color) => blend(color, haze, distance)
  return {
    body: hazy(tintedColor(random, kind.bodyHues)),
    second: hazy(tintedColor(random, kind.secondHues)),
    third: hazy(randomColor(random)),
    pale: hazy(randomColor(random, { saturation: [0, 0.3], value: [0.8, 1] })),
    dark: hazy(randomColor(random, { saturation: [0.1, 0.5], value: [0.08, 0.25] })),
  }
}

function computeBounds(
  { x, y, halfSize }: Placement,
  reach: { readonly x: number; readonly y: number },
): Bounds {
  const [rx, ry] = [reach.x * halfSize, reach.y * halfSize]
  return { left: x - rx, top: y - ry, right: x + rx, bottom: y + ry }
}

function castShadow({ canvas, light }: Scenery, placement: Placement): void {
  const { x, y, halfSize } = placement
  const shadow = ellipse({ x: -0.25 * light.x, y: 0.95, rx: 0.8, ry: 0.16 })
  const bounds = { ...computeBounds(placement, { x: 1.1, y: 1.2 }), top: y + 0.7 * halfSize }
  visitPixels(canvas, bounds, (px, py, pixel) => {
    if (shadow((px - x) / halfSize, (py - y) / halfSize)) shadePixel(canvas, pixel, 0.72)
  })
}

interface PartsToPaint {
  readonly placement: Placement
  readonly kind: ThingClass
  readonly instance: Instance
}

function paintParts(scenery: Scenery, { placement, kind, instance }: PartsToPaint): void {
  const { canvas, light } = scenery
  const { x, y, halfSize } = placement
  const [cosine, sine] = smallRotation(placement.turn)
  const widening = Math.sqrt(kind.aspect * placement.stretch)
  const slant = Math.abs(sine)
  const reach = {
    x: widening * cosine + slant / widening,
    y: widening * slant + cosine / widening,
  }
  const side = placement.mirrored ? -1 : 1
  visitPixels(canvas, computeBounds(placement, reach), (px, py, pixel) => {
    const dx = (px - x) / halfSize
    const dy = (py - y) / halfSize
    const u = (side * (cosine * dx + sine * dy)) / widening
    const v = (cosine * dy - sine * dx) * widening
    const part = findTopPart(instance.parts, u, v)
    if (!part) return
    const brightness = 1 + 0.22 * (dx * light.x + dy * light.y)
    setColor(canvas, pixel, instance.inks[part.ink])
    shadePixel(canvas, pixel, brightness * computeShade(part, instance.pattern, { u, v }))
    canvas.labels[pixel] = instance.label
  })
}

/** The uppermost part at a point; `parts` run from top to bottom. */
function findTopPart(parts: readonly Part[], u: number, v: number): Part | undefined {
  if (u < -1 || u > 1 || v < -1 || v > 1) return undefined
  for (const part of parts) if (part.inside(u, v)) return part
  return undefined
}

function computeShade(
  part: Part,
  pattern: Pattern | undefined,
  at: { u: number; v: number },
): number {
  const shade = part.shade ? part.shade(at.u, at.v) : 1
  if (!pattern || part.ink !== 'body') return shade
  return shade * (1 - 0.3 * pattern(at.u + 5, at.v + 5))
}
