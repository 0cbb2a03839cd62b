import type { Color } from '../../vision/images/stroke-text.ts'

/** Pixels that do not count are shown in this gray. */
export const IGNORED_COLOR: Color = [205, 208, 212]
