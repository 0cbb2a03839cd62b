/**
 * Side of the square input in pixels by patch size; others take the greatest multiple below
 * `otherwise`.
 */
export interface InputSide {
  readonly byPatchPx: Readonly<Record<number, number>>
  readonly otherwise: number
}

/** The generated scenes are images of 96 × 96 pixels. */
export const SCENES_INPUT_SIDE: InputSide = { byPatchPx: {}, otherwise: 96 }

/** Side of the square input in pixels, a multiple of the patch. */
export function chooseInputSidePx({ byPatchPx, otherwise }: InputSide, patchPx: number): number {
  return byPatchPx[patchPx] ?? Math.max(Math.floor(otherwise / patchPx), 1) * patchPx
}
