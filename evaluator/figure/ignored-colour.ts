import type { Colour } from '../../vision/images/stroke-text.ts'

/** Pixels that do not count are shown in this grey. */
export const IGNORED_COLOUR: Colour = [205, 208, 212]
