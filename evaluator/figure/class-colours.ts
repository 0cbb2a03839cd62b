import type { Colour } from '../../vision/images/stroke-text.ts'

/** Pixels that do not count are shown in this grey. */
export const IGNORED_COLOUR: Colour = [205, 208, 212]

/**
 * The colours in which VOC and most of its followers show class indices: the bits of the index,
 * three at a time, become the highest bits of red, green and blue.
 */
export function vocColour(label: number): Colour {
  const channel = (shift: number): number => {
    let value = 0
    for (let bit = 0; bit < 8; bit++) {
      value |= ((label >> (3 * bit + shift)) & 1) << (7 - bit)
    }
    return value
  }
  return [channel(0), channel(1), channel(2)]
}
