import { balloon } from './things/balloon.ts'
import { butterfly } from './things/butterfly.ts'
import { car } from './things/car.ts'
import { fish } from './things/fish.ts'
import { house } from './things/house.ts'
import { mushroom } from './things/mushroom.ts'
import type { Thing } from './things/thing.ts'
import { tree } from './things/tree.ts'

export interface SceneClass {
  readonly name: string
  /** Red, green and blue in 0..255: how a mask of this class is shown. */
  readonly displayColor: readonly [number, number, number]
}

/** What a mask counts: its values are indices of this list. */
export const SCENE_CLASSES: readonly SceneClass[] = [
  { name: 'background', displayColor: [38, 40, 46] },
  { name: 'fish', displayColor: [233, 88, 76] },
  { name: 'house', displayColor: [240, 196, 72] },
  { name: 'tree', displayColor: [104, 190, 92] },
  { name: 'car', displayColor: [70, 200, 190] },
  { name: 'mushroom', displayColor: [82, 150, 240] },
  { name: 'balloon', displayColor: [146, 110, 232] },
  { name: 'butterfly', displayColor: [236, 110, 190] },
]

export interface ThingClass {
  readonly draw: Thing
  /** Hues in turns that the body prefers. */
  readonly bodyHues: readonly number[]
  readonly secondHues: readonly number[]
  /** Width ÷ height of the local frame. */
  readonly aspect: number
}

/** How the classes are drawn; class i of a mask is entry i − 1. */
export const thingClasses: readonly ThingClass[] = [
  { draw: fish, bodyHues: [0.56, 0.06], secondHues: [], aspect: 1.25 },
  { draw: house, bodyHues: [0.02, 0.11], secondHues: [], aspect: 1 },
  { draw: tree, bodyHues: [0.33, 0.24], secondHues: [0.07], aspect: 0.85 },
  { draw: car, bodyHues: [0, 0.6], secondHues: [], aspect: 1.3 },
  { draw: mushroom, bodyHues: [0.98, 0.08], secondHues: [], aspect: 1 },
  { draw: balloon, bodyHues: [0.52, 0], secondHues: [], aspect: 0.8 },
  { draw: butterfly, bodyHues: [0.1, 0.76], secondHues: [], aspect: 1.1 },
]
